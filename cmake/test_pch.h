// The precompiled header of the test programs.
#pragma once

#include "cmake/pch.h"

#include <doctest/doctest.h>
