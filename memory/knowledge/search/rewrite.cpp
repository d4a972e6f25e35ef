#include "memory/knowledge/search/rewrite.h"

#include "memory/knowledge/search/limits.h"
#include "models/builtin/utf8.h"
#include "models/warning.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

bool is_turn(const models::Message& message) {
  return (message.role == models::Role::user || message.role == models::Role::assistant) &&
         !message.content.empty();
}

std::string_view unquoted(std::string_view text) {
  for (auto [open, close] :
       {std::pair<std::string_view, std::string_view>{"\"", "\""}, {"“", "”"}, {"`", "`"}})
    if (text.size() > open.size() + close.size() && text.starts_with(open) && text.ends_with(close))
      return models::builtin::trim(text.substr(open.size(), text.size() - open.size() - close.size()));
  return text;
}

}  // namespace

Json rewrite_data(const std::vector<models::Message>& history, std::string_view question) {
  std::vector<const models::Message*> turns;
  for (const models::Message& message : history)
    if (is_turn(message)) turns.push_back(&message);
  if (turns.size() > limits::kHistoryTurns) turns.erase(turns.begin(), turns.end() - limits::kHistoryTurns);
  Json shown = Json::array();
  for (const models::Message* turn : turns)
    shown.push_back({{"role", models::word(turn->role)},
                     {"text", models::builtin::clip(turn->content, limits::kHistoryTurnBytes)}});
  return {{"history", std::move(shown)}, {"question", question}};
}

Result<std::string> read_standalone(std::string_view reply) {
  std::string question;
  for (const Json& value : json_values(reply))
    if (question.empty()) question = models::builtin::trim(string_or(value, "question"));
  if (question.empty()) {
    const std::string_view line = unquoted(models::builtin::trim(reply));
    const bool plain =
        !line.empty() && !line.contains('\n') && !line.starts_with('{') && !line.starts_with('[');
    if (!plain)
      return fail(ErrorCode::protocol,
                  fmt::format("the reply is no question: `{}`", models::builtin::clip(reply, 120)));
    question = line;
  }
  if (question.size() > limits::kStandaloneBytes)
    return fail(ErrorCode::protocol,
                fmt::format("the reply is a question of {} bytes; at most {} are searched for",
                            question.size(), limits::kStandaloneBytes));
  return question;
}

Task<Result<Standalone>> standalone_question(models::Model& model, const prompts::Prompt& prompt,
                                             std::vector<models::Message> history, std::string question,
                                             const models::UseSink& spent, CallContext& context) {
  if (std::ranges::none_of(history, is_turn)) co_return Standalone{std::move(question), ""};
  auto reply = co_await ask_model(model, models::Intent::rewrite, prompt, rewrite_data(history, question),
                                  spent, context);
  if (!reply && context.stop.requested()) co_return fail(std::move(reply.error()));
  auto read = reply ? read_standalone(*reply) : std::move(reply);
  if (read) co_return Standalone{std::move(*read), ""};
  std::string remark = fmt::format("model {} did not rewrite the question, it is searched for as it is: {}",
                                   model.name(), read.error().message);
  models::warn(context, "rewrite_failed", remark);
  co_return Standalone{std::move(question), std::move(remark)};
}

}  // namespace troupe::memory
