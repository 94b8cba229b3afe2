use v7.0;
