#include "agents/react/prompt_fitter.h"

#include "agents/limits.h"

#include <algorithm>
#include <cmath>

namespace troupe::agents {

namespace {

std::int64_t scaled(std::int64_t tokens, double scale) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(tokens) * scale));
}

}  // namespace

Fitting PromptFitter::decide(const models::Transcript& transcript, const Strategy& strategy,
                             const models::TokenCounter& counter, const PromptSizes& sizes,
                             std::int64_t limit) const {
  const auto& messages = transcript.messages();
  std::vector<std::int64_t> tokens, stubs;
  for (std::size_t at = 0; at < messages.size(); ++at) {
    tokens.push_back(scaled(sizes.sizes[at], sizes.scale));
    const auto stub = seen_.shortened(strategy, messages[at], at, limits::kStubBytes);
    stubs.push_back(stub ? scaled(counter.message(*stub), sizes.scale) : -1);
  }
  const PromptView view{.messages = messages,
                        .recalled = recalled_,
                        .tokens = tokens,
                        .shortened = stubs,
                        .beside = sizes.beside};
  const FitPlan plan = plan_fit(view, limit, limit - limit / limits::kFitSlackShare);
  Fitting fitting{.messages = messages.size(),
                  .turns = plan.turns,
                  .turn_messages = plan.turn_messages,
                  .steps = plan.steps,
                  .step_messages = plan.step_messages,
                  .user = recalled_ + 1,
                  .before = view.total(),
                  .after = plan.tokens,
                  .limit = limit};
  for (std::size_t at : plan.shortened)
    fitting.shortened.push_back(
        {at, limits::kStubBytes, seen_.shortened(strategy, messages[at], at, limits::kStubBytes)->content});
  shorten_newest(plan, view, transcript, strategy, counter, sizes.scale, limit, fitting);
  return fitting;
}

// What is read now is cut as little as possible: the room that is left is shared among the outputs.
void PromptFitter::shorten_newest(const FitPlan& plan, const PromptView& view,
                                  const models::Transcript& transcript, const Strategy& strategy,
                                  const models::TokenCounter& counter, double scale, std::int64_t limit,
                                  Fitting& fitting) const {
  std::size_t left = plan.newest.size();
  for (std::size_t at : plan.newest) {
    const models::Message& message = transcript.messages()[at];
    const std::int64_t share =
        std::max<std::int64_t>(0, limit - fitting.after) / static_cast<std::int64_t>(left--);
    const std::int64_t whole = view.tokens[at] - view.shortened[at];
    const std::size_t more = seen_.longest(at) - limits::kStubBytes;
    std::size_t bytes =
        limits::kStubBytes +
        static_cast<std::size_t>(static_cast<double>(more) * static_cast<double>(std::min(share, whole)) /
                                 static_cast<double>(whole));
    auto shown = seen_.shortened(strategy, message, at, bytes);
    auto added = [&] { return scaled(counter.message(*shown), scale) - view.shortened[at]; };
    // Its parts are not equally dense.
    while (shown && bytes > limits::kStubBytes && added() > share) {
      bytes = std::max(limits::kStubBytes, bytes - bytes / 4);
      shown = seen_.shortened(strategy, message, at, bytes);
    }
    if (!shown) continue;
    fitting.after += added();
    fitting.shortened.push_back({at, bytes, std::move(shown->content)});
  }
}

std::shared_ptr<models::Transcript> PromptFitter::apply(const Fitting& fitting,
                                                        const models::Transcript& transcript,
                                                        const Strategy& strategy) {
  std::vector<models::Message> messages = transcript.messages();
  for (const Fitting::Shortened& one : fitting.shortened) {
    if (one.at >= messages.size()) continue;
    if (auto shorter = seen_.shortened(strategy, messages[one.at], one.at, one.bytes))
      messages[one.at] = std::move(*shorter);
    seen_.shorten(one.at, one.bytes);
  }
  auto leave_out = [&](std::size_t from, std::size_t count) {
    from = std::min(from, messages.size());
    count = std::min(count, messages.size() - from);
    const auto begin = messages.begin() + static_cast<std::ptrdiff_t>(from);
    messages.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    seen_.leave_out(from, count);
  };
  leave_out(fitting.user + 1, fitting.step_messages);
  leave_out(1, std::min(fitting.turn_messages, recalled_));
  recalled_ -= std::min(fitting.turn_messages, recalled_);
  auto made = std::make_shared<models::Transcript>();
  for (models::Message& message : messages) made->add(std::move(message));
  return made;
}

}  // namespace troupe::agents
