//! Tests of the mixtures stage.
