"""Running containers: one small process watches over each, so that containers outlive the engine."""
