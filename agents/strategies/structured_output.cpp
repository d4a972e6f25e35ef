#include "agents/strategies/structured_output.h"

#include "agents/react/parser/json_repair.h"
#include "agents/react/parser/step_object.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.size() == 1 && value.begin()->is_string())
    return value.begin()->get<std::string>();
  return dump(value);
}

// The JSON that an answer holds; nothing when there is none.
std::optional<Json> json_of(std::string_view text) {
  if (auto exact = parse_json(text)) return std::move(*exact);
  if (auto mended = repair_json(text)) return std::move(mended->value);
  return std::nullopt;
}

// A reply that is nothing but JSON, and no step: a lenient schema would let any step pass for the answer.
std::optional<Json> bare_json(std::string_view reply) {
  std::size_t first = reply.find_first_not_of(" \t\r\n");
  if (first == reply.npos || !std::string_view("{[`").contains(reply[first])) return std::nullopt;
  auto value = json_of(reply);
  if (!value || !value->is_object()) return value;
  bool step = std::ranges::any_of(value->items(), [](const auto& member) {
    StepKey key = step_key(member.key());
    return key != StepKey::other && key != StepKey::weak_answer && key != StepKey::input;
  });
  if (step) return std::nullopt;
  return value;
}

bool asks_for_text(const Json& schema) {
  return string_or(schema, "type") == "string";
}

}  // namespace

StructuredOutput::StructuredOutput(tools::JsonSchema schema, int retries, bool wants_text)
    : schema_(std::move(schema)), retries_(retries), wants_text_(wants_text) {}

Result<std::shared_ptr<const StructuredOutput>> StructuredOutput::make(const OutputSettings& settings) {
  if (settings.schema.is_null()) return nullptr;
  auto schema = tools::JsonSchema::compile(settings.schema);
  if (!schema) return std::unexpected(schema.error());
  return std::shared_ptr<const StructuredOutput>(
      new StructuredOutput(std::move(*schema), settings.retries, asks_for_text(settings.schema)));
}

Result<FinalStep> StructuredOutput::read(const FinalStep* final, std::string_view reply) const {
  auto fitting = [this](Json value) -> Result<FinalStep> {
    auto checked = schema_.validate(std::move(value));
    if (!checked) return std::unexpected(checked.error());
    std::string text = text_of(checked->value);
    return FinalStep{std::move(text), std::move(checked->value)};
  };
  std::string problem = "it is no JSON";
  if (final && wants_text_ && final->data.is_null()) {
    auto fits = fitting(final->answer);
    if (fits) return fits;
    problem = fits.error().message;
  } else if (final) {
    std::optional<Json> value = final->data.is_null() ? json_of(final->answer) : final->data;
    if (value) {
      auto fits = fitting(std::move(*value));
      if (fits) return fits;
      problem = fits.error().message;
    }
  }
  if (!wants_text_)
    if (auto whole = bare_json(reply))
      if (auto fits = fitting(std::move(*whole))) return fits;
  return fail(
      ErrorCode::invalid,
      fmt::format("the final answer does not fit its JSON Schema:\n{}\nWrite it again so that it does",
                  problem));
}

}  // namespace troupe::agents
