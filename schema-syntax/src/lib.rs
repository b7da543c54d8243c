//! Part of cargo schema.
