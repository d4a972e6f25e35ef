#include "agents/chains/chain_walk.h"

#include "agents/chains/combination.h"
#include "agents/chains/limits.h"
#include "agents/chains/passages.h"
#include "agents/chains/placeholders.h"
#include "agents/chains/rewriting_model.h"
#include "memory/knowledge/search/rewrite.h"
#include "runtime/async/nursery.h"
#include "runtime/base/json.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

ChainEnd cancelled() {
  return {.status = "cancelled", .reason = "cancelled"};
}

std::string beginning_of(const std::string& text) {
  if (text.size() <= limits::kRefusedReplyShown) return text;
  std::size_t end = limits::kRefusedReplyShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

std::string text_of_value(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.size() == 1 && value.begin()->is_string())
    return value.begin()->get<std::string>();
  return dump(value);
}

ChainWalk::ChainWalk(Loop& loop, std::shared_ptr<const Chain> chain, ChainCalls& calls, std::string message,
                     Json inputs)
    : loop_(loop),
      chain_(std::move(chain)),
      calls_(calls),
      message_(std::move(message)),
      inputs_(std::move(inputs)) {}

Task<Chained<ChainAnswer>> ChainWalk::run(Stop& stop) {
  Flow flow{.value = message_};
  auto end = co_await go(chain_->steps, "", 0, std::move(flow), inputs_, stop);
  if (!end) co_return std::unexpected(std::move(end.error()));
  co_return ChainAnswer{text_of_value(end->value), std::move(end->data), std::move(end->passages)};
}

// `number` 0: the chain's own steps, which are counted; else those of a branch, which belong to one of them.
Task<Chained<ChainWalk::Flow>> ChainWalk::go(const std::vector<ChainStep>& steps, std::string path,
                                             int number, Flow flow, Json names, Stop& stop) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (stop.requested() || (after_step_ && number == 0 && i > 0)) co_return std::unexpected(cancelled());
    if (number == 0) step_ = static_cast<int>(i) + 1;
    const Place place{.key = fmt::format("{}{}", path, i + 1),
                      .number = number == 0 ? step_ : number,
                      .last = number == 0 && i + 1 == steps.size()};
    auto next = co_await take(steps[i], place, std::move(flow), names, stop);
    if (!next) co_return std::unexpected(std::move(next.error()));
    flow = std::move(*next);
    for (const auto& [branch, inner] : steps[i].branches) names[branch] = flow.value[branch];
    if (const std::string& name = steps[i].settings.name; !name.empty()) names[name] = flow.value;
  }
  co_return flow;
}

Task<Chained<ChainWalk::Flow>> ChainWalk::take(const ChainStep& step, Place place, Flow flow, Json names,
                                               Stop& stop) {
  switch (step.settings.kind) {
    case ChainStepKind::prompt:
      co_return fill(step, place, std::move(flow), std::move(names));
    case ChainStepKind::model:
      co_return co_await ask(step, std::move(place), std::move(flow), stop);
    case ChainStepKind::parse:
      co_return co_await parse(step, std::move(place), std::move(flow), stop);
    case ChainStepKind::retrieve:
      co_return co_await retrieve(step, std::move(place), std::move(flow), stop);
    case ChainStepKind::rewrite:
      co_return co_await rewrite(step, std::move(place), std::move(flow), stop);
    case ChainStepKind::combine:
      co_return co_await combine(step, std::move(place), std::move(flow), stop);
    case ChainStepKind::parallel:
      break;
  }
  co_return co_await branch_out(step, std::move(place), std::move(flow), std::move(names), stop);
}

Chained<ChainWalk::Flow> ChainWalk::fill(const ChainStep& step, const Place& place, Flow flow,
                                         Json names) const {
  names[std::string(kInputPlaceholder)] = std::move(flow.value);
  names[std::string(kMessagePlaceholder)] = message_;
  const std::string where = fmt::format("chains.{}, step {}", chain_->settings.name, place.key);
  auto prompt = fill_placeholders(step.settings.prompt, names, where);
  auto system = fill_placeholders(step.settings.system, names, where);
  for (auto* text : {&prompt, &system}) {
    if (!*text)
      return std::unexpected(
          ChainEnd{.status = "failed", .reason = "internal", .detail = text->error().message});
    if ((*text)->size() > limits::kChainPromptBytes)
      return std::unexpected(
          ChainEnd{.status = "failed",
                   .reason = "model_error",
                   .detail = fmt::format("{}: the filled prompt has {} bytes; at most {} are sent", where,
                                         (*text)->size(), limits::kChainPromptBytes)});
  }
  flow.value = std::move(*prompt);
  flow.system = std::move(*system);
  flow.data = nullptr;
  return flow;
}

Task<Chained<ChainWalk::Flow>> ChainWalk::ask(const ChainStep& step, Place place, Flow flow, Stop& stop) {
  ChainCall call{.key = place.key, .step = place.number, .model = step.model, .answers = place.last};
  if (!flow.system.empty())
    call.messages.push_back({.role = models::Role::system, .content = std::exchange(flow.system, "")});
  call.messages.push_back({.role = models::Role::user, .content = text_of_value(flow.value)});
  flow.asked = call;
  auto reply = co_await calls_.ask(std::move(call), stop);
  if (!reply) co_return std::unexpected(std::move(reply.error()));
  flow.reply = std::move(reply->text);
  flow.value = flow.reply;
  flow.data = nullptr;
  co_return flow;
}

// What cannot be read goes back to who wrote it, with the reason.
Task<Chained<ChainWalk::Flow>> ChainWalk::parse(const ChainStep& step, Place place, Flow flow, Stop& stop) {
  for (int attempt = 0;; ++attempt) {
    auto read = step.parser->read(flow.reply);
    if (read) {
      flow.value = std::move(*read);
      flow.data = step.parser->yields_data() ? flow.value : Json(nullptr);
      co_return flow;
    }
    const std::string& problem = read.error().message;
    const std::string key = fmt::format("{}.again.{}", place.key, attempt + 1);
    calls_.warn(key + ".why", place.number, "unreadable_reply", problem);
    if (attempt >= step.retries)
      co_return std::unexpected(
          ChainEnd{.status = "failed",
                   .reason = "unparsable",
                   .detail = fmt::format("step {}: the reply could not be read, the last of {}: {}",
                                         place.key, attempt + 1, problem)});
    ChainCall call = flow.asked;
    call.key = key;
    call.step = place.number;
    call.answers = false;
    if (!flow.reply.empty())  // providers take no empty turn
      call.messages.push_back({.role = models::Role::assistant, .content = beginning_of(flow.reply)});
    call.messages.push_back({.role = models::Role::user, .content = dump(Json{{"correction", problem}})});
    auto reply = co_await calls_.ask(std::move(call), stop);
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    flow.reply = std::move(reply->text);
  }
}

Task<Chained<ChainWalk::Flow>> ChainWalk::retrieve(const ChainStep& step, Place place, Flow flow,
                                                   Stop& stop) {
  flow.query = text_of_value(flow.value);
  auto found = co_await calls_.search({.key = place.key,
                                       .step = place.number,
                                       .knowledge = step.settings.knowledge,
                                       .query = flow.query,
                                       .overrides = step.search},
                                      stop);
  if (!found) co_return std::unexpected(std::move(found.error()));
  flow.passages = std::move(*found);
  flow.value = passages_text(flow.passages);
  flow.data = nullptr;
  co_return flow;
}

Task<Chained<ChainWalk::Flow>> ChainWalk::rewrite(const ChainStep& step, Place place, Flow flow, Stop& stop) {
  flow.data = nullptr;
  const std::string key = place.key + ".question";
  if (const auto known = calls_.decided(key); known && known->is_string()) {
    flow.value = *known;
    co_return flow;
  }
  auto history = co_await calls_.history();
  if (!history) co_return std::unexpected(std::move(history.error()));
  RewritingModel model(calls_, step.model, place.key, place.number);
  auto question =
      co_await model.rewrite(loop_, *chain_->rewrite, std::move(*history), text_of_value(flow.value), stop);
  if (!question) co_return std::unexpected(std::move(question.error()));
  calls_.decide(key, place.number, *question);
  flow.value = std::move(*question);
  co_return flow;
}

Task<Chained<ChainWalk::Flow>> ChainWalk::combine(const ChainStep& step, Place place, Flow flow, Stop& stop) {
  Combination combination(loop_, *chain_, step, calls_,
                          {.key = place.key,
                           .number = place.number,
                           .question = flow.query,
                           .passages = flow.passages,
                           .answers = place.last});
  auto combined = co_await combination.run(stop);
  if (!combined) co_return std::unexpected(std::move(combined.error()));
  flow.asked = {
      .model = step.model, .messages = std::move(combined->asked), .intent = models::Intent::summarize};
  flow.reply = std::move(combined->answer);
  flow.value = flow.reply;
  flow.data = nullptr;
  co_return flow;
}

Task<Chained<ChainWalk::Flow>> ChainWalk::branch_out(const ChainStep& step, Place place, Flow flow,
                                                     Json names, Stop& stop) {
  std::vector<Chained<Flow>> results(step.branches.size());
  Stop together(stop);
  Nursery nursery(loop_);
  for (std::size_t i = 0; i < step.branches.size(); ++i)
    nursery.spawn("a branch of a chain", [&, i] {
      const auto& [name, steps] = step.branches[i];
      return branch(steps, {.key = fmt::format("{}.{}.", place.key, name), .number = place.number}, flow,
                    names, results[i], together);
    });
  co_await nursery.join();
  Json value = Json::object();
  const ChainEnd* why = nullptr;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i])
      value[step.branches[i].first] = std::move(results[i]->value);
    else if (!why || why->status == "cancelled")  // the one that failed stopped the others
      why = &results[i].error();
  }
  if (why) co_return std::unexpected(*why);
  // What branches found is theirs: numbers of two of them would mean different passages.
  co_return Flow{.value = value, .data = value, .query = std::move(flow.query)};
}

Task<> ChainWalk::branch(const std::vector<ChainStep>& steps, Place place, Flow flow, Json names,
                         Chained<Flow>& result, Stop& together) {
  result = co_await go(steps, place.key, place.number, std::move(flow), std::move(names), together);
  if (!result) together.request(StopReason::cancelled);
}

}  // namespace troupe::agents
