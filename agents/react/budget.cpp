#include "agents/react/budget.h"

#include "agents/limits.h"
#include "models/limits.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

bool costs_nothing(const std::optional<models::Price>& price) {
  return models::cost_of({.input_tokens = 1, .output_tokens = 1}, price) <= 0;
}

}  // namespace

bool Allowance::pays(const std::optional<models::Price>& price) const {
  return costs_nothing(price) || money > models::cost_of({.input_tokens = input}, price);
}

Allowance Allowance::at(const std::optional<models::Price>& price) const {
  Allowance call = *this;
  call.output = tokens;
  call.reason = "max_tokens";
  if (!price || price->output <= 0) return call;
  const double affordable = (money - static_cast<double>(input) * price->input / 1e6) / price->output * 1e6;
  if (affordable >= static_cast<double>(tokens)) return call;
  call.output = std::max<std::int64_t>(1, static_cast<std::int64_t>(affordable));
  call.reason = "max_cost";
  return call;
}

std::int64_t Budget::request_tokens(const models::Transcript& transcript) {
  std::size_t room = limits::kExactPromptBytes;
  for (; seen_ < transcript.size(); ++seen_) {
    sizes_.push_back(counter_->message(transcript.messages()[seen_], room));
    const std::int64_t tokens = counter_->corrected(sizes_.back());
    known_ += tokens;
    held_ += tokens;
  }
  return known_ + beside();
}

std::int64_t Budget::prompt_tokens(const models::Transcript& transcript) {
  (void)request_tokens(transcript);
  return held_ + beside();
}

std::int64_t Budget::sum(std::size_t messages) const {
  return std::accumulate(sizes_.begin(), sizes_.begin() + static_cast<std::ptrdiff_t>(messages),
                         std::int64_t{0});
}

std::int64_t Budget::counted() const {
  return overhead_ + sum(sizes_.size());
}

double Budget::scale() const {
  const std::int64_t all = sum(sizes_.size());
  return all > 0 && held_ > 0 ? static_cast<double>(held_) / static_cast<double>(all) : 1;
}

void Budget::refused_at(std::int64_t tokens) {
  known_ = held_ = std::max<std::int64_t>(0, tokens - beside());
}

void Budget::fitted(const Fitting& fitting, const models::Transcript& transcript, std::size_t asked) {
  const double before = scale();
  const std::size_t left_out = fitting.turn_messages + fitting.step_messages;
  for (const Fitting::Shortened& one : fitting.shortened)
    if (one.at < sizes_.size() && one.at >= left_out && one.at - left_out < transcript.size())
      sizes_[one.at] = counter_->message(transcript.messages()[one.at - left_out]);
  auto erase = [this](std::size_t from, std::size_t count) {
    from = std::min(from, sizes_.size());
    const auto begin = sizes_.begin() + static_cast<std::ptrdiff_t>(from);
    sizes_.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(count, sizes_.size() - from)));
  };
  erase(fitting.user + 1, fitting.step_messages);
  erase(1, fitting.turn_messages);
  seen_ = sizes_.size();
  auto tokens = [&](std::size_t messages) {
    return std::llround(before * static_cast<double>(sum(std::min(messages, seen_))));
  };
  held_ = tokens(seen_);
  held_asked_ = std::min<std::int64_t>(held_asked_, tokens(asked));
  known_ = std::min(known_, held_);
  asked_ = std::min(asked_, held_asked_);
}

// An eighth of a small budget is enough for a few sentences; a large one need not lose more than those.
std::int64_t Budget::answer_tokens(const AgentLimits& limits) {
  return std::clamp(limits.tokens / 8, limits::kBestAnswerTokensMin, limits::kBestAnswerTokens);
}

double Budget::price_of(std::int64_t input, std::int64_t output) const {
  if (!price_) return 0;
  return (static_cast<double>(input) * price_->input + static_cast<double>(output) * price_->output) / 1e6;
}

std::expected<Allowance, LimitReached> Budget::next(const models::Transcript& transcript,
                                                    std::optional<std::int64_t> input) {
  Allowance call{.input = request_tokens(transcript)};
  if (input) call.input = *input;
  // What an earlier process decided, it decided without the calls that are at work here.
  const std::int64_t used = input_ + output_ + untold_ + (input ? 0 : at_once_);
  const double spent = cost_ + untold_cost_ + (input ? 0 : at_once_cost_);
  const std::int64_t kept =
      reserves_ ? call.input + limits::kBestAnswerNote + answer_tokens(limits_) + aside_tokens_ : 0;
  call.output = limits_.tokens - used - call.input - kept;
  if (call.output <= 0)
    return std::unexpected(LimitReached{
        "max_tokens",
        fmt::format("{} tokens of {} are used and the next request has about {}{}", used, limits_.tokens,
                    call.input, kept > 0 ? fmt::format("; {} are kept for a last answer", kept) : "")});
  call.tokens = call.output;
  own_tokens_max_ = limits_.tokens - kept;
  if (limits_.cost <= 0) {
    asked_ = known_;
    held_asked_ = held_;
    return call;
  }

  const double money_kept =
      reserves_ ? price_of(call.input + limits::kBestAnswerNote, answer_tokens(limits_)) + aside_cost_ : 0;
  call.money = limits_.cost - spent - money_kept;
  own_cost_max_ = limits_.cost - money_kept;
  auto payable = at_first_payable(call, 1);
  if (!payable)
    return std::unexpected(LimitReached{
        "max_cost",
        fmt::format("{:.6g} of {:.6g} is spent and the next request costs about {:.6g}{}", cost_,
                    limits_.cost, price_of(call.input, 0),
                    reserves_ ? fmt::format("; {:.6g} is kept for a last answer", money_kept) : "")});
  asked_ = known_;
  held_asked_ = held_;
  return *payable;
}

// A fallback that costs nothing is never too dear.
std::optional<Allowance> Budget::at_first_payable(Allowance call, std::int64_t output_min) const {
  for (call.entry = 0; call.entry < prices_.size(); ++call.entry) {
    const auto& price = prices_[call.entry];
    if (!call.pays(price) || (call.entry == 0 && call.money <= 0)) continue;
    const Allowance payable = call.at(price);
    if (payable.output >= output_min) return payable;
  }
  return std::nullopt;
}

std::optional<Allowance> Budget::last(const models::Transcript& transcript) {
  Allowance call{.input = request_tokens(transcript)};
  call.output = call.tokens = limits_.tokens - tokens_at_work() - call.input - aside_tokens_;
  if (call.output < limits::kBestAnswerTokensMin) return std::nullopt;
  own_tokens_max_ = limits_.tokens - aside_tokens_;
  if (limits_.cost <= 0) return call;
  call.money = limits_.cost - cost_at_work() - aside_cost_;
  own_cost_max_ = limits_.cost - aside_cost_;
  return at_first_payable(call, limits::kBestAnswerTokensMin);
}

std::expected<Allowance, LimitReached> Budget::aside(std::int64_t input,
                                                     const std::optional<models::Price>& price) const {
  Allowance call{.input = input};
  const std::int64_t used = tokens_at_work();
  call.output = limits_.tokens - used - input;
  if (call.output <= 0)
    return std::unexpected(LimitReached{
        "max_tokens", fmt::format("{} tokens of {} are used and a request to a model that judges "
                                  "has about {}",
                                  used, limits_.tokens, input)});
  call.tokens = call.output;
  if (limits_.cost <= 0) return call;
  call.money = limits_.cost - cost_at_work();
  if (!price) return call;
  if (call.money <= static_cast<double>(input) * price->input / 1e6)
    return std::unexpected(LimitReached{
        "max_cost", fmt::format("{:.6g} of {:.6g} is spent, and a model that judges costs more than is left",
                                cost_, limits_.cost)});
  return call.at(price);
}

void Budget::spent(const models::Usage& usage, double cost) {
  input_ += usage.input_tokens;
  output_ += usage.output_tokens;
  cost_ += cost;
  known_ = asked_ = std::max<std::int64_t>(0, usage.input_tokens - beside());
  if (usage.input_tokens > 0) held_ = held_asked_ = known_;
}

void Budget::lost(const models::Usage& usage, double cost) {
  input_ += usage.input_tokens;
  output_ += usage.output_tokens;
  cost_ += cost;
}

void Budget::lost_untold(const models::Usage& usage, double cost) {
  untold_ += usage.input_tokens + usage.output_tokens;
  untold_cost_ += cost;
}

void Budget::forget_beyond(std::size_t size) {
  seen_ = size;
  sizes_.resize(std::min(size, sizes_.size()));
  known_ = asked_;
  held_ = held_asked_;
}

}  // namespace troupe::agents
