#include "models/providers/anthropic_reply.h"
#include "models/providers/gemini_reply.h"
#include "models/providers/ollama_reply.h"
#include "models/providers/openai_reply.h"
#include "tests/fuzz/require.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe;
using namespace troupe::models;
using troupe::fuzz::require;

namespace {

std::unique_ptr<ReplyReader> reader(int provider) {
  switch (provider) {
    case 0:
      return std::make_unique<AnthropicReply>();
    case 1:
      return std::make_unique<GeminiReply>();
    case 2:
      return std::make_unique<OllamaReply>();
    default:
      return std::make_unique<OpenAiReply>();
  }
}

struct Read {
  bool ok = false;
  std::string text, reasoning, state;
  std::size_t calls = 0;
  bool operator==(const Read&) const = default;
};

Read read(int provider, std::string_view bytes, std::size_t piece) {
  const auto reply_reader = reader(provider);
  std::vector<ReplyDelta> deltas;
  Result<> fed;
  for (std::size_t at = 0; at < bytes.size() && fed; at += piece)
    fed = reply_reader->feed(bytes.substr(at, piece), deltas);
  Read out;
  if (fed) {
    auto reply = reply_reader->finish(deltas);
    out.ok = reply.has_value();
    if (reply) {
      out.calls = reply->tool_calls.size();
      out.state = reply->provider_state;
      require(out.state.empty() || Json::accept(out.state));
    }
  }
  for (const ReplyDelta& delta : deltas)
    (delta.kind == ReplyDelta::Kind::text ? out.text : out.reasoning) += delta.text;
  return out;
}

}  // namespace

/// The first byte says whose answer it is and how large the pieces are; the rest is the answer. Whole and in
/// pieces it must read the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const int provider = data[0] % 4;
  const std::size_t piece = 1 + data[0] / 4 % 16;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  require(read(provider, bytes, bytes.size()) == read(provider, bytes, piece));
  return 0;
}
