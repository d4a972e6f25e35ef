#include "models/token_counter.h"

#include "models/limits.h"
#include "models/token_estimate.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <cmath>

namespace troupe::models {

namespace {

// As OpenAI's cookbook counts, and as its servers report: a role with the two tokens that frame it and a line
// break; the beginning of the reply.
constexpr std::int64_t kPerMessage = 4;
constexpr std::int64_t kReplyBegun = 3;
constexpr std::int64_t kPerName = 1;
constexpr std::int64_t kPerCall = 3;
// Of the picture of an ordinary page at the detail that a provider chooses.
constexpr std::int64_t kPerImage = 765;

/// What is around the names and descriptions of declared tools, by the same source; a tool without parameters
/// has less of it, and gpt-5 is told more, as recorded requests show.
struct ToolFrame {
  std::int64_t tool, properties, property, values, value, all;
};
constexpr ToolFrame kTools200k{4, 6, 3, -3, 3, 12};
constexpr ToolFrame kTools100k{7, 6, 3, -3, 3, 12};
constexpr ToolFrame kToolsGpt5{20, 6, 3, -3, 3, 78};

const ToolFrame& frame_for(std::optional<tokens::EncodingName> encoding, bool gpt5) {
  if (encoding == tokens::EncodingName::cl100k_base) return kTools100k;
  return gpt5 ? kToolsGpt5 : kTools200k;
}

std::string_view without_full_stop(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

std::string type_of(const Json& property) {
  const Json* type = find(property, "type");
  if (!type) return "";
  return type->is_string() ? type->get<std::string>() : dump(*type);
}

}  // namespace

std::optional<tokens::EncodingName> encoding_for(const ModelSettings& entry) {
  if (entry.provider != "openai") return std::nullopt;
  // A model of OpenAI's that anybody may serve is framed by a template of its own, with a text of its own.
  if (entry.model.contains("gpt-oss")) return std::nullopt;
  return tokens::encoding_of(entry.model);
}

TokenCounter::TokenCounter(const ModelSettings& entry)
    : encoding_(encoding_for(entry)), gpt5_(encoding_ && entry.model.contains("gpt-5")) {
  if (encoding_) tokens::Encoding::prepare(*encoding_);
}

bool TokenCounter::exact() const {
  return encoding_ && tokens::Encoding::ready(*encoding_);
}

// The loop's thread waits for no long text: beyond a bound the rest is taken to be as dense as what was
// counted.
std::int64_t TokenCounter::count(std::string_view text, std::size_t& room) const {
  const tokens::Encoding* encoding = encoding_ ? tokens::Encoding::ready(*encoding_) : nullptr;
  if (!encoding) return estimate_tokens(text);
  const std::string_view beginning = text.substr(0, std::min(room, limits::kExactCountBytes));
  if (room != text.npos) room -= beginning.size();
  const auto counted = static_cast<std::int64_t>(encoding->count(beginning));
  const std::int64_t estimated = estimate_tokens(beginning);
  if (estimated >= limits::kLearntFromTokens)
    density_ = static_cast<double>(counted) / static_cast<double>(estimated);
  if (beginning.size() == text.size()) return counted;
  return counted + std::llround(density_ * static_cast<double>(estimate_tokens(text) - estimated));
}

std::int64_t TokenCounter::message(const Message& message, std::size_t& room) const {
  std::int64_t tokens = kPerMessage + count(message.content, room);
  for (const ToolCall& call : message.tool_calls)
    tokens += kPerCall + count(call.name, room) + count(call.arguments, room);
  if (!encoding_ && !message.name.empty()) tokens += kPerName + count(message.name);
  return tokens + kPerImage * static_cast<std::int64_t>(message.images.size());
}

std::int64_t TokenCounter::tool(const ToolDeclaration& declared) const {
  const ToolFrame& frame = frame_for(encoding_, gpt5_);
  std::int64_t tokens = frame.tool + count(declared.name + ":") + count(declared.description);
  auto schema = parse_json(declared.schema);
  const Json* properties = schema ? find(*schema, "properties") : nullptr;
  if (!properties || !properties->is_object() || properties->empty()) return tokens;
  tokens += frame.properties;
  for (const auto& [name, property] : properties->items()) {
    const std::string about = string_or(property, "description");
    tokens +=
        frame.property + count(name + ":" + type_of(property) + ":" + std::string(without_full_stop(about)));
    // What a property consists of further down stands in the request as well.
    for (const char* nested : {"properties", "items", "anyOf"})
      if (const Json* inner = find(property, nested)) tokens += count(dump(*inner));
    const Json* values = find(property, "enum");
    if (!values || !values->is_array()) continue;
    tokens += frame.values;
    for (const Json& value : *values) tokens += frame.value + count(dump(value));
  }
  return tokens;
}

std::int64_t TokenCounter::beside(const std::vector<ToolDeclaration>& declared) const {
  std::int64_t tokens = kReplyBegun;
  if (declared.empty()) return tokens;
  for (const ToolDeclaration& one : declared) tokens += tool(one);
  return tokens + frame_for(encoding_, gpt5_).all;
}

std::int64_t TokenCounter::corrected(std::int64_t sum) const {
  return ratio_ == 1 ? sum : std::llround(ratio_ * static_cast<double>(sum));
}

void TokenCounter::learn(std::int64_t sum, std::int64_t reported) {
  if (encoding_ || sum < limits::kLearntFromTokens || reported <= 0) return;
  const double seen = std::clamp(static_cast<double>(reported) / static_cast<double>(sum),
                                 limits::kTokenRatioMin, limits::kTokenRatioMax);
  ratio_ += (seen - ratio_) * limits::kTokenRatioWeight;
}

void TokenCounter::go_on_from(double ratio) {
  if (!encoding_ && ratio_ == 1) ratio_ = std::clamp(ratio, limits::kTokenRatioMin, limits::kTokenRatioMax);
}

}  // namespace troupe::models
