#include "agents/react/context_fit.h"

#include "memory/conversation/leave_out.h"

#include <numeric>

namespace troupe::agents {

namespace {

/// One prompt, message by message, while it is made smaller.
class ContextFitting {
 public:
  ContextFitting(const PromptView& prompt, std::int64_t limit, std::int64_t target)
      : prompt_(prompt), limit_(limit), target_(target) {
    plan_.tokens = prompt.total();
    newest_ = prompt.messages.size();
    while (newest_ > first_of_run() && prompt.messages[newest_ - 1].role != models::Role::assistant)
      --newest_;
    if (newest_ > first_of_run()) --newest_;
  }

  FitPlan make() {
    if (plan_.tokens > limit_) {
      shorten_earlier();
      leave_out_turns();
      if (plan_.tokens > limit_) leave_out_steps();
      if (plan_.tokens > limit_) shorten_newest();
    }
    plan_.fits = plan_.tokens <= limit_;
    return std::move(plan_);
  }

 private:
  std::size_t first_of_run() const { return std::min(prompt_.messages.size(), prompt_.recalled + 2); }

  bool shorten(std::size_t at) {
    const std::int64_t saved = prompt_.tokens[at] - prompt_.shortened[at];
    if (prompt_.shortened[at] < 0 || saved <= 0) return false;
    plan_.tokens -= saved;
    return true;
  }

  void shorten_earlier() {
    for (std::size_t at = first_of_run(); at < newest_ && plan_.tokens > target_; ++at)
      if (shorten(at)) plan_.shortened.push_back(at);
  }

  void leave_out_turns() {
    if (plan_.tokens <= target_ || prompt_.recalled == 0) return;
    const auto left =
        memory::leave_out_turns(prompt_.messages.subspan(1, prompt_.recalled),
                                prompt_.tokens.subspan(1, prompt_.recalled), plan_.tokens - target_);
    plan_.turns = left.turns;
    plan_.turn_messages = left.messages;
    plan_.tokens -= left.tokens;
  }

  void leave_out_steps() {
    std::size_t at = first_of_run();
    while (at < newest_ && plan_.tokens > target_) {
      ++plan_.steps;
      do {
        const bool short_now = !plan_.shortened.empty() && plan_.shortened.front() == at;
        plan_.tokens -= short_now ? prompt_.shortened[at] : prompt_.tokens[at];
        if (short_now) plan_.shortened.erase(plan_.shortened.begin());
        ++at;
      } while (at < newest_ && prompt_.messages[at].role != models::Role::assistant);
    }
    plan_.step_messages = at - first_of_run();
  }

  void shorten_newest() {
    for (std::size_t at = newest_; at < prompt_.messages.size() && plan_.tokens > limit_; ++at)
      if (shorten(at)) plan_.newest.push_back(at);
  }

  const PromptView& prompt_;
  const std::int64_t limit_;
  const std::int64_t target_;
  std::size_t newest_ = 0;  // where the newest step begins
  FitPlan plan_;
};

}  // namespace

std::int64_t PromptView::total() const {
  return std::accumulate(tokens.begin(), tokens.end(), beside);
}

FitPlan plan_fit(const PromptView& prompt, std::int64_t limit, std::int64_t target) {
  return ContextFitting(prompt, limit, std::min(limit, target)).make();
}

}  // namespace troupe::agents
