#include "models/fallback.h"

#include "models/limits.h"
#include "models/warning.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::models {

namespace {

// Notices whether anything was shown.
class WatchingSink final : public TokenSink {
 public:
  explicit WatchingSink(TokenSink& sink) : sink_(sink) {}
  bool on_text(std::string_view text) override {
    shown = true;
    return sink_.on_text(text);
  }
  void on_reasoning(std::string_view text) override {
    shown = true;
    sink_.on_reasoning(text);
  }
  void on_reset(int attempt) override { sink_.on_reset(attempt); }
  bool on_entry(const std::string& entry) override { return sink_.on_entry(entry); }

  bool shown = false;

 private:
  TokenSink& sink_;
};

bool helps(const Error& error, const CallContext& context) {
  if (context.stop.requested() || context.deadline.expired(context.loop.clock().now())) return false;
  return error.code != ErrorCode::cancelled && error.code != ErrorCode::too_large;
}

// Cut between characters.
std::string beginning_of(std::string text) {
  if (text.size() <= limits::kFailureBytes) return text;
  std::size_t end = limits::kFailureBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

std::size_t FallbackChain::beginning(const std::string& first_entry) const {
  if (first_entry.empty()) return 0;
  auto found = std::ranges::find(entries_, first_entry, &Entry::name);
  return found == entries_.end() ? 0 : static_cast<std::size_t>(found - entries_.begin());
}

// "`main`", "`main` and `second`", "`main`, `second` and `third`"
std::string FallbackChain::names(std::size_t from, std::size_t to) const {
  std::string all;
  for (std::size_t i = from; i < to; ++i)
    all += fmt::format("{}`{}`", i == from ? "" : i + 1 == to ? " and " : ", ", entries_[i].name);
  return all;
}

Task<Result<ModelReply>> FallbackChain::complete(ModelRequest request, TokenSink& sink,
                                                 CallContext& context) {
  const std::size_t first = beginning(std::exchange(request.first_entry, {}));
  if (first > 0)
    warn(context, "fallback",
         fmt::format("{} {} {}; model `{}` is asked", names(0, first), first == 1 ? "is" : "are",
                     kBeyondBudget, entries_[first].name));
  if (first > 0) (void)sink.on_entry(entries_[first].name);  // who asked has seen to its budgets
  std::string failures;
  for (std::size_t i = first;;) {
    WatchingSink watching(sink);
    ModelRequest again = request;
    Result<ModelReply> reply = co_await entries_[i].model->complete(std::move(again), watching, context);
    if (reply) {
      if (i > 0) reply->entry = entries_[i].name;
      co_return reply;
    }
    if (watching.shown || context.stop.requested()) co_return reply;
    Error& error = reply.error();
    std::size_t next = i + 1;
    std::string beyond;
    if (!helps(error, context)) next = entries_.size();
    for (; next < entries_.size() && !sink.on_entry(entries_[next].name); ++next)
      beyond += fmt::format("; model `{}` is {}", entries_[next].name, kBeyondBudget);
    if (next == entries_.size()) {
      error.message = fmt::format("{}{}{}", failures, error.message, beyond);
      co_return reply;
    }
    warn(context, "fallback",
         fmt::format("{}{}; model `{}` is asked in its place", error.message, beyond, entries_[next].name));
    failures += fmt::format("{}{}; ", beginning_of(std::move(error.message)), beyond);
    i = next;
  }
}

}  // namespace troupe::models
