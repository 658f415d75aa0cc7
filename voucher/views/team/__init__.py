"""The pages of the carers team."""
