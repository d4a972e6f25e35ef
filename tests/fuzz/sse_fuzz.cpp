#include "models/providers/openai_reply.h"
#include "models/sse.h"
#include "tests/fuzz/require.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe;
using namespace troupe::models;
using troupe::fuzz::require;

namespace {

std::vector<SseEvent> decode(std::string_view bytes, std::size_t piece, bool& refused) {
  SseDecoder decoder(1000);
  std::vector<SseEvent> events;
  for (std::size_t at = 0; at < bytes.size() && !refused; at += piece)
    refused = !decoder.feed(bytes.substr(at, piece), events);
  if (auto last = decoder.finish(); last && !refused) events.push_back(std::move(*last));
  return events;
}

struct Read {
  bool ok = false;
  std::string text, reasoning;
  std::size_t calls = 0;
};

Read read(std::string_view bytes, std::size_t piece) {
  OpenAiReply reader;
  std::vector<ReplyDelta> deltas;
  Result<> fed;
  for (std::size_t at = 0; at < bytes.size() && fed; at += piece)
    fed = reader.feed(bytes.substr(at, piece), deltas);
  Read out;
  if (fed) {
    auto reply = reader.finish(deltas);
    out.ok = reply.has_value();
    if (reply) out.calls = reply->tool_calls.size();
  }
  for (const ReplyDelta& delta : deltas)
    (delta.kind == ReplyDelta::Kind::text ? out.text : out.reasoning) += delta.text;
  return out;
}

}  // namespace

/// The first byte says how large the pieces are; the rest is an answer. Whole and in pieces it must read the
/// same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  bool whole_refused = false, pieces_refused = false;
  auto whole = decode(bytes, bytes.size(), whole_refused);
  auto pieces = decode(bytes, piece, pieces_refused);
  require(whole_refused == pieces_refused);
  if (!whole_refused) {
    require(whole.size() == pieces.size());
    for (std::size_t i = 0; i < whole.size(); ++i)
      require(whole[i].data == pieces[i].data && whole[i].event == pieces[i].event);
  }

  Read once = read(bytes, bytes.size()), often = read(bytes, piece);
  require(once.ok == often.ok && once.text == often.text && once.reasoning == often.reasoning &&
          once.calls == often.calls);
  return 0;
}
