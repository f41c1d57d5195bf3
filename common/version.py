"""The version of this software, as nodes tell it to each other and to people."""

SOFTWARE_VERSION = "0.1.0"
