"""keepalived's configuration language, as its own parser reads it; what the words mean is for others to say.

    includes    a file and all that it includes, as one text whose lines know where they are written
    text        that text as statements and braces: comments, quotes, conditions, variables, sequences
    blocks      statements and braces as a tree
    keywords    which words stand in which block

A configuration that is to be changed and run must be understood to the last character: then trouble is an error. One
that is only looked at may be damaged, or lack the files it includes: then trouble is noted and reading goes on.
"""

from __future__ import annotations
