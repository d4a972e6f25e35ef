#include "agents/react/budget.h"

#include "agents/limits.h"
#include "models/token_estimate.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::int64_t kPerMessage = 4;  // role and separators

std::int64_t estimate(const models::Message& message) {
  std::int64_t tokens = kPerMessage + models::estimate_tokens(message.content);
  for (const models::ToolCall& call : message.tool_calls)
    tokens += models::estimate_tokens(call.name) + models::estimate_tokens(call.arguments);
  return tokens;
}

}  // namespace

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
  for (; seen_ < transcript.size(); ++seen_) known_ += estimate(transcript.messages()[seen_]);
  return known_ + overhead_;
}

// An eighth of a small budget is enough for a few sentences; a large one need not lose more than those.
std::int64_t Budget::answer_tokens(const AgentLimits& limits) {
  return std::clamp(limits.tokens / 8, limits::kBestAnswerTokensMin, limits::kBestAnswerTokens);
}

double Budget::price_of(std::int64_t input, std::int64_t output) const {
  if (!price_) return 0;
  return (static_cast<double>(input) * price_->input + static_cast<double>(output) * price_->output) / 1e6;
}

std::expected<Allowance, LimitReached> Budget::next(const models::Transcript& transcript) {
  Allowance call{.input = request_tokens(transcript)};
  const std::int64_t used = input_ + output_ + untold_;
  const std::int64_t kept =
      reserves_ ? call.input + limits::kBestAnswerNote + answer_tokens(limits_) + aside_tokens_ : 0;
  call.output = limits_.tokens - used - call.input - kept;
  if (call.output <= 0)
    return std::unexpected(LimitReached{
        "max_tokens",
        fmt::format("{} tokens of {} are used and the next request has about {}{}", used, limits_.tokens,
                    call.input, kept > 0 ? fmt::format("; {} are kept for a last answer", kept) : "")});
  call.tokens = call.output;
  if (limits_.cost <= 0) {
    asked_ = known_;
    return call;
  }

  const double money_kept =
      reserves_ ? price_of(call.input + limits::kBestAnswerNote, answer_tokens(limits_)) + aside_cost_ : 0;
  const double left = limits_.cost - cost_ - untold_cost_ - price_of(call.input, 0) - money_kept;
  if (left <= 0)
    return std::unexpected(LimitReached{
        "max_cost",
        fmt::format("{:.6g} of {:.6g} is spent and the next request costs about {:.6g}{}", cost_,
                    limits_.cost, price_of(call.input, 0),
                    reserves_ ? fmt::format("; {:.6g} is kept for a last answer", money_kept) : "")});
  asked_ = known_;
  call.money = left + price_of(call.input, 0);
  return call.at(price_);
}

std::optional<Allowance> Budget::last(const models::Transcript& transcript) {
  Allowance call{.input = request_tokens(transcript)};
  call.output = limits_.tokens - input_ - output_ - untold_ - call.input - aside_tokens_;
  call.tokens = call.output;
  if (limits_.cost > 0) {
    call.money = limits_.cost - cost_ - untold_cost_ - aside_cost_;
    call = call.at(price_);
  }
  if (call.output < limits::kBestAnswerTokensMin) return std::nullopt;
  return call;
}

std::expected<Allowance, LimitReached> Budget::aside(std::int64_t input,
                                                     const std::optional<models::Price>& price) const {
  Allowance call{.input = input};
  const std::int64_t used = input_ + output_ + untold_;
  call.output = limits_.tokens - used - input;
  if (call.output <= 0)
    return std::unexpected(LimitReached{
        "max_tokens", fmt::format("{} tokens of {} are used and a request to a model that judges "
                                  "has about {}",
                                  used, limits_.tokens, input)});
  call.tokens = call.output;
  if (limits_.cost <= 0) return call;
  call.money = limits_.cost - cost_ - untold_cost_;
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
  known_ = asked_ = std::max<std::int64_t>(0, usage.input_tokens - overhead_);
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
  known_ = asked_;
}

}  // namespace troupe::agents
