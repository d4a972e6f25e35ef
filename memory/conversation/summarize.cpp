#include "memory/conversation/summarize.h"

#include "memory/conversation/cut.h"
#include "models/token_estimate.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

/// Closes the stream once there is clearly more than fits.
class BoundedText final : public models::TokenSink {
 public:
  explicit BoundedText(std::int64_t tokens_max) : tokens_max_(tokens_max) {}
  bool on_text(std::string_view text) override {
    tokens_ += models::estimate_tokens(text);
    return tokens_ <= tokens_max_;
  }
  void on_reset(int) override { tokens_ = 0; }

 private:
  std::int64_t tokens_max_;
  std::int64_t tokens_ = 0;
};

Json step_json(const models::Message& message) {
  Json step = {{std::string(word(message.role)), message.content}};
  for (const models::ToolCall& call : message.tool_calls)
    step["calls"].push_back(fmt::format("{} {}", call.name, call.arguments));
  return step;
}

Json turn_json(const std::vector<models::Message>& messages) {
  Json turn = {{"user", messages.front().content}};
  const bool answered = messages.size() > 1 && messages.back().role == models::Role::assistant &&
                        messages.back().tool_calls.empty();
  const std::size_t end = messages.size() - (answered ? 1 : 0);
  for (std::size_t i = 1; i < end; ++i) turn["steps"].push_back(step_json(messages[i]));
  if (answered) turn["assistant"] = messages.back().content;
  return turn;
}

std::int64_t words_in(std::int64_t tokens) {
  return std::max<std::int64_t>(tokens * 3 / 5, 10);
}

models::ModelRequest request_of(const std::string& previous,
                                const std::vector<std::vector<models::Message>>& turns, std::int64_t limit,
                                std::string instructions) {
  Json data = {{"words", words_in(limit)}};
  if (!previous.empty()) data["notes"] = previous;
  Json& said = data["turns"] = Json::array();
  for (const auto& turn : turns)
    if (!turn.empty()) said.push_back(turn_json(turn));
  auto transcript = std::make_shared<models::Transcript>();
  transcript->add({.role = models::Role::system, .content = std::move(instructions)});
  transcript->add({.role = models::Role::user, .content = dump(data)});
  return {.transcript = std::move(transcript),
          .tools = std::make_shared<const std::vector<models::ToolDeclaration>>(),
          .intent = models::Intent::summarize};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

bool is_part(models::FinishReason reason) {
  return reason == models::FinishReason::length || reason == models::FinishReason::closed_early;
}

}  // namespace

Task<Result<Summarized>> summarize(std::string previous, std::vector<std::vector<models::Message>> turns,
                                   std::int64_t limit, Ruler ruler, const prompts::Prompt& prompt,
                                   models::Model& model, CallContext& context) {
  auto instructions = prompt.render({{"words", words_in(limit)}, {"characters", limit}});
  if (!instructions) co_return within("summary", instructions.error());
  BoundedText sink(limit + limit / 2);
  auto reply =
      co_await model.complete(request_of(previous, turns, limit, std::move(*instructions)), sink, context);
  if (!reply) co_return within("summary", reply.error());
  const std::string_view whole = trimmed(reply->text);
  if (whole.empty() || reply->finish == models::FinishReason::content_filter)
    co_return fail(ErrorCode::model,
                   fmt::format("summary: the model {} {}; its {} turns stay as they are", model.name(),
                               whole.empty() ? "wrote nothing" : "was stopped by a filter", turns.size()));
  const auto size = [&](std::string_view text) {
    return ruler({.role = models::Role::user, .content = std::string(text)});
  };
  const std::int64_t frame = size("");
  std::int64_t room = limit + frame;
  // A reply that broke off ends somewhere: the last sentence in it is not whole.
  if (is_part(reply->finish)) room = std::min(room, size(whole) - 1);
  const std::size_t kept = whole_sentences(whole, size, room);
  Summarized made{.text = std::string(trimmed(whole.substr(0, kept))), .cut = kept < whole.size()};
  if (made.text.empty())
    co_return fail(ErrorCode::model, fmt::format("summary: no part of what the model {} wrote fits {} tokens",
                                                 model.name(), limit));
  co_return made;
}

}  // namespace troupe::memory
