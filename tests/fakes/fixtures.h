#pragma once

#include <string>

namespace troupe::fakes {

/// Absolute path of a file below tests/fixtures.
std::string fixture_path(const std::string& name);
/// Its bytes; throws when it cannot be read. Names ending in .gz are unpacked.
std::string read_fixture(const std::string& name);

}  // namespace troupe::fakes
