#include "tests/fakes/fixtures.h"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <zlib.h>

namespace troupe::fakes {

std::string fixture_path(const std::string& name) {
  return std::string(TROUPE_FIXTURES_DIR) + "/" + name;
}

std::string read_fixture(const std::string& name) {
  // gzread reads plain files as they are, so one path serves both.
  gzFile file = gzopen(fixture_path(name).c_str(), "rb");
  if (!file) throw std::runtime_error("cannot open fixture " + name);
  std::string bytes;
  char chunk[1 << 16];
  int got;
  while ((got = gzread(file, chunk, sizeof chunk)) > 0) bytes.append(chunk, static_cast<std::size_t>(got));
  gzclose(file);
  if (got < 0) throw std::runtime_error("cannot read fixture " + name);
  return bytes;
}

}  // namespace troupe::fakes
