"""A Dockerfile as text: taken apart, checked, explained and completed. No engine is asked."""

from dockyard.dockerfile.completion import completions
from dockyard.dockerfile.explanation import Explanation, explain_instruction
from dockyard.dockerfile.findings import Finding, check
from dockyard.dockerfile.instructions import INSTRUCTIONS, Dockerfile, Instruction, Stage

__all__ = [
    "INSTRUCTIONS",
    "Dockerfile",
    "Explanation",
    "Finding",
    "Instruction",
    "Stage",
    "check",
    "completions",
    "explain_instruction",
]
