"""Long reports, streamed into samples x proteins."""
