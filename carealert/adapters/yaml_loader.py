"""The safe loader of YAML: that of the C library where PyYAML was built with it, as wheels are.

It reads ten times as many lines a second, and every command reads the texts of each language.
"""

import yaml

SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: The same without any types: a bare no stays a word.
BaseLoader: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
