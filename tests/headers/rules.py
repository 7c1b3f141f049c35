"""What every answer must tell the browser (quality S4)."""

from tests.crawl import Answer

SANDBOX = "sandbox; default-src 'none'"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# What a board is drawn from stands at the hash of its content, and signing out clears it (decisions 12).
FOR_EVER = "private, max-age=31536000, immutable"
KEPT_BY_BROWSER = ("inventory:board_skeleton", "inventory:board_prices")
OURS = ("text/html", "application/json", "text/plain")


def faults(answer: Answer) -> list[str]:
    """What is wrong with an answer's headers, each with the answer that it is about."""
    found = [
        f"{name}: {answer.headers.get(name)}" for name, value in ALWAYS.items() if answer.headers.get(name) != value
    ]
    policy = answer.headers.get("Content-Security-Policy", "")
    if policy != SANDBOX and parts(policy) != POLICY:
        found.append(f"Content-Security-Policy: {policy}")
    kept = answer.status == 200 and answer.address.name in KEPT_BY_BROWSER
    if (
        answer.headers.get("Cache-Control") != FOR_EVER
        if kept
        else "no-store" not in answer.headers.get("Cache-Control", "")
    ):
        found.append(f"Cache-Control: {answer.headers.get('Cache-Control')}")
    if len(answer.headers.get("X-Request-ID", "")) != 32:
        found.append("X-Request-ID")
    if answer.status == 200 and not answer.headers.get("Content-Type", "").startswith(OURS):
        handed_out = answer.headers.get("Content-Disposition", "").startswith("attachment")
        if not handed_out and policy != SANDBOX:
            found.append("a file that is neither handed out nor inert")
    if answer.status >= 500 and answer.address.name != "readyz":
        found.append(f"crashed: {answer.error}")
    return [f"{answer} {fault}" for fault in found]


def parts(policy: str) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in policy.split(";") if " " in part.strip())
