// Any bytes as JSON: a value that is JSON, or a reason; valid JSON keeps its value; nothing costs more than
// its length.
#include "agents/react/parser/json_reader.h"
#include "agents/react/parser/json_repair.h"
#include "tests/fuzz/require.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>

using namespace troupe;
using namespace troupe::agents;
using troupe::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);

  auto repaired = repair_json(text);

  if (!repaired) {
    require(!repaired.error().message.empty());
    require(!parse_json(text));  // what is JSON is never refused
  } else {
    std::string written = dump(repaired->value);
    auto again = parse_json(written);
    require(again.has_value());
    auto unchanged = repair_json(written);
    require(unchanged.has_value() && unchanged->repairs.empty());
    require(unchanged->value == *again);
    if (auto strict = parse_json(text)) {
      require(repaired->repairs.empty());
      require(dump(*strict) == written);
    }
  }

  std::size_t begin = text.find_first_of("{[(");
  if (begin == std::string_view::npos) return 0;
  JsonReader whole(begin), bytes(begin);
  whole.read(text, true);
  for (std::size_t end = begin + 1; end <= text.size(); ++end)
    if (bytes.read(text.substr(0, end), false) != JsonReader::Status::reading) break;
  bytes.read(text, true);
  require(whole.status() == bytes.status() && whole.position() == bytes.position());
  require(whole.work() <= 64 * (text.size() + 16) && bytes.work() <= 64 * (text.size() + 16));
  if (whole.status() == JsonReader::Status::complete)
    require(dump(whole.value()) == dump(bytes.value()) && whole.repairs() == bytes.repairs());
  return 0;
}
