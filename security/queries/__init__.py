"""Who may do what, who is there, and where they are signed in."""

from security.queries.access import (
    access_for,
    needs_second_factor,
    running_deputyships,
    second_factor_of,
    users_with_roles,
)
from security.queries.accounts import (
    account_history,
    account_list,
    accounts_visible_to,
    all_roles_of,
    leaders_of,
    projects_to_staff,
    roles_in_words,
    roles_line,
    roles_of,
    waiting_about,
)
from security.queries.calendar import (
    holidays_of,
    knows,
    official_days,
    own_settings,
    setting_changes,
    years_to_show,
)
from security.queries.deputies import (
    deputies_visible_to,
    possible_deputies,
    project_names,
    projects_to_deputise,
    state_of_deputy,
)
from security.queries.sessions import known_source, live_sessions, session_of, sessions_of

__all__ = [
    "access_for",
    "account_history",
    "account_list",
    "accounts_visible_to",
    "all_roles_of",
    "deputies_visible_to",
    "holidays_of",
    "known_source",
    "knows",
    "leaders_of",
    "live_sessions",
    "needs_second_factor",
    "official_days",
    "own_settings",
    "possible_deputies",
    "project_names",
    "projects_to_deputise",
    "projects_to_staff",
    "roles_in_words",
    "roles_line",
    "roles_of",
    "running_deputyships",
    "second_factor_of",
    "session_of",
    "sessions_of",
    "setting_changes",
    "state_of_deputy",
    "users_with_roles",
    "waiting_about",
    "years_to_show",
]
