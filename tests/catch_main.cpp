// Catch2 2 wants its main compiled in one place; 3 brings its own.
#define CATCH_CONFIG_MAIN
#include "catch.hpp"
