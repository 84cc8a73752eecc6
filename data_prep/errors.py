"""The one exception that is the user's to mend."""


class UserError(Exception):
    """Something outside the program is wrong: a path, a file, a setting, the network.

    The message is one line that names the file, line or key and the remedy.  Commands print it on standard
    error and end with exit code 2; any other exception is a bug of ours and ends with 1.
    """
