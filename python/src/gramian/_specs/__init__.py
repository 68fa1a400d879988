"""Specifications as frozen dataclasses. Generated from the table of configuration keys by
python/generate_specs.py; do not edit by hand."""

from .tasks import (GraphTask, Regression, TokenTask)
from .networks import (Diag, Full, GDpp, GraphTransformer, Preconditioned, Transformer)
from .training import (Evaluation, GraphTraining, TokenTraining, Training)

__all__ = ["Diag", "Evaluation", "Full", "GDpp", "GraphTask", "GraphTraining",
           "GraphTransformer", "Preconditioned", "Regression", "TokenTask", "TokenTraining",
           "Training", "Transformer"]
