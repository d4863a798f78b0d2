"""The pipeline in the order data flows: fetch, keep, map, resolve, plan, post, prove."""
