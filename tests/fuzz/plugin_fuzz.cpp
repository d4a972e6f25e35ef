// What a plugin's process says, of any bytes: a message or a reason; what is one survives being said again,
// and a description that is taken has nothing wrong with it.
#include "plugins/host/description.h"
#include "plugins/host/library_folder.h"
#include "plugins/host/message.h"
#include "tests/fuzz/require.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace troupe;
using namespace troupe::plugins;
using troupe::fuzz::require;

namespace {

void hold_description(const Json& json) {
  const auto description = read_description(json);
  if (!description) {
    require(description.error().code == ErrorCode::protocol && !description.error().message.empty());
    return;
  }
  require(problems_of(*description).empty());
  require(!description->services.empty() && description->services.size() <= kServicesMost);
  require(description->concurrent >= 1 && description->concurrent <= kConcurrentMost);
  const Json said = to_json(*description);
  const auto again = read_description(said);
  require(again.has_value() && dump(to_json(*again)) == dump(said));
  for (const ServiceDescription& service : description->services)
    require(description->find(service.kind, service.name) != nullptr);
}

void hold_hashes(std::string_view text) {
  const auto hashes = read_hashes(text);
  if (!hashes) return require(!hashes.error().message.empty());
  for (const std::string& hash : *hashes)
    require(hash.size() == 64 && hash.find_first_not_of("0123456789abcdef") == std::string::npos);
}

}  // namespace

/// A frame of a worker; what it says as `plugin` is a description. The same bytes as a list of hashes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  hold_hashes(frame);
  const auto message = decode(frame);
  if (!message) {
    require(message.error().code == ErrorCode::protocol && !message.error().message.empty());
    return 0;
  }
  require(message->head.is_object() && message->text.size() + message->body.size() < frame.size());
  for (const char* key : {"id", "call", "status", "kib", "left_ms", "service"}) {
    const std::int64_t number = number_or(message->head, key, -7);
    const Json* value = find(message->head, key);
    require(number == -7 || (value && value->is_number_integer()));
  }

  const auto again = decode(encode(*message));
  require(again.has_value() && again->text == message->text && again->body == message->body);
  Json head = again->head, first = message->head;
  head.erase("text_bytes");
  first.erase("text_bytes");
  require(dump(head) == dump(first));

  if (const Json* plugin = find(message->head, "plugin")) hold_description(*plugin);
  return 0;
}
