from salescontrol.formats.en.formats import *  # noqa: F403
