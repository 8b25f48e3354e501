"""What a channel raises that cannot be opened as it is set up."""


class ChannelNotReady(Exception):
    """A channel's settings, file or package are missing or wrong; the message says what to do."""
