#include "agents/budgets/account.h"

#include "runtime/store/usage.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

Amount operator+(Amount a, Amount b) {
  return {a.tokens + b.tokens, a.cost + b.cost};
}
Amount larger(Amount a, Amount b) {
  return {std::max(a.tokens, b.tokens), std::max(a.cost, b.cost)};
}

bool costs_nothing(const std::optional<models::Price>& price) {
  return models::cost_of({.input_tokens = 1, .output_tokens = 1}, price) <= 0;
}

Amount amount_of(std::int64_t input, std::int64_t output, const std::optional<models::Price>& price) {
  return {input + output, models::cost_of({.input_tokens = input, .output_tokens = output}, price)};
}

/// One of the budgets, as it stands for a payer.
struct Scope {
  std::string_view name;
  BudgetLimit limit;
  Amount used;
  std::string_view renews;  // or what to do where it does not
};

LimitReached reached(std::string_view reason, const Scope& scope, const std::string& setting,
                     std::int64_t now) {
  const bool cost = reason == "max_cost";
  const std::string size =
      cost ? fmt::format("{:.6g}", scope.limit.cost) : fmt::format("{}", scope.limit.tokens);
  const std::string renewal = scope.renews.empty()
                                  ? fmt::format("it renews at 00:00 UTC on {}", store::utc_day(now + kDayMs))
                                  : std::string(scope.renews);
  if (!setting.empty())
    return {
        .reason = reason,
        .detail = fmt::format("`{}.{}: {}`, of all runs of the team together, is spent, or has no room for "
                              "another call",
                              setting, cost ? "cost" : "tokens", size),
        .shared = true};
  return {.reason = reason,
          .detail = fmt::format("`budgets.{}.{}: {}` is spent, or has no room for another call; {}",
                                scope.name, cost ? "cost" : "tokens", size, renewal),
          .shared = true};
}

}  // namespace

// The day only goes forward, whatever a clock that is set back says.
void Account::turn_to(std::int64_t now) {
  const std::int64_t number = now / kDayMs;
  if (number <= day_number_) return;
  day_number_ = number;
  day_.spent = {};
  for (auto& [name, tenant] : tenants_) tenant.today = {};
}

void Account::know_tenant(const std::string& tenant, Amount spent) {
  Sum& all = tenants_[tenant].all;
  all.spent = larger(all.spent, spent);
}

void Account::know_day(const std::string& tenant, Amount spent, std::int64_t now) {
  turn_to(now);
  Amount& today = tenants_[tenant].today;
  const Amount grown = larger(today, spent);
  day_.spent = day_.spent + Amount{grown.tokens - today.tokens, grown.cost - today.cost};
  today = grown;
}

void Account::know_session(const std::string& session, Amount spent) {
  auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  found->second.known = true;
  found->second.sum.spent = larger(found->second.sum.spent, spent);
}

bool Account::asks_for(const std::string& session) const {
  if (limits_.session == BudgetLimit{}) return false;
  auto found = sessions_.find(session);
  return found != sessions_.end() && !found->second.known;
}

void Account::enter(const std::string& session) {
  if (outer_) outer_->enter(session);
  ++sessions_[session].runs;
}

void Account::leave(const std::string& session) {
  if (outer_) outer_->leave(session);
  auto found = sessions_.find(session);
  if (found != sessions_.end() && --found->second.runs <= 0) sessions_.erase(found);
}

std::optional<LimitReached> Account::refusal(const Payer& payer, Amount more, bool free, std::int64_t now) {
  if (limits_ == BudgetSettings{} || past()) return std::nullopt;
  turn_to(now);
  const Tenant& tenant = tenants_[payer.tenant];
  const auto session = sessions_.find(payer.session);
  const Sum talk = session == sessions_.end() ? Sum{} : session->second.sum;
  const Scope scopes[] = {
      {"session", limits_.session, talk.spent + talk.held, "it does not renew: open another session"},
      {"tenant", limits_.tenant, tenant.all.spent + tenant.all.held,
       "it does not renew: it has to be raised"},
      {"tenant_day", limits_.tenant_day, tenant.today + tenant.all.held, ""},
      {"day", limits_.day, day_.spent + day_.held, ""}};
  for (const Scope& scope : scopes) {
    const Amount after = scope.used + more;
    if (scope.limit.tokens > 0 && after.tokens >= scope.limit.tokens)
      return reached("max_tokens", scope, setting_, now);
    if (scope.limit.cost > 0 && !free && after.cost >= scope.limit.cost)
      return reached("max_cost", scope, setting_, now);
  }
  return std::nullopt;
}

std::expected<Account::Hold, LimitReached> Account::hold(const Payer& payer, std::int64_t input,
                                                         const std::optional<models::Price>& price,
                                                         std::int64_t now) {
  if (auto refused = refusal(payer, amount_of(input, 0, price), costs_nothing(price), now))
    return std::unexpected(std::move(*refused));
  std::unique_ptr<Hold> around;
  if (outer_) {
    auto held = outer_->hold(payer, input, price, now);
    if (!held) return held;
    around = std::make_unique<Hold>(std::move(*held));
  }
  Hold own(*this, payer, input, price);
  own.outer_ = std::move(around);
  return own;
}

void Account::hold_more(const Payer& payer, Amount more) {
  const auto add = [&](Sum& sum) { sum.held = sum.held + more; };
  add(tenants_[payer.tenant].all);
  add(day_);
  if (auto found = sessions_.find(payer.session); found != sessions_.end()) add(found->second.sum);
}

void Account::spend(const Payer& payer, Amount amount, std::int64_t now) {
  if (outer_) outer_->spend(payer, amount, now);
  turn_to(now);
  Tenant& tenant = tenants_[payer.tenant];
  tenant.all.spent = tenant.all.spent + amount;
  tenant.today = tenant.today + amount;
  day_.spent = day_.spent + amount;
  auto found = sessions_.find(payer.session);
  if (found != sessions_.end()) found->second.sum.spent = found->second.sum.spent + amount;
}

Account::Hold::Hold(Account& account, Payer payer, std::int64_t input,
                    const std::optional<models::Price>& price)
    : account_(&account), payer_(std::move(payer)), price_(price), input_(input) {
  set(0);
}

Account::Hold::~Hold() {
  end();
}

Account::Hold::Hold(Hold&& other) noexcept
    : account_(std::exchange(other.account_, nullptr)),
      outer_(std::move(other.outer_)),
      payer_(std::move(other.payer_)),
      price_(other.price_),
      input_(other.input_),
      output_(other.output_),
      held_(other.held_),
      reached_(std::move(other.reached_)) {}

bool Account::Hold::free() const {
  return costs_nothing(price_);
}

void Account::Hold::set(std::int64_t output) {
  output_ = output;
  const Amount now = amount_of(input_, output_, price_);
  account_->hold_more(payer_, {now.tokens - held_.tokens, now.cost - held_.cost});
  held_ = now;
}

bool Account::Hold::written(std::int64_t tokens, std::int64_t now) {
  if (!account_) return !reached();
  set(tokens);
  PastDecisions* past = account_->past();
  if (!reached_) reached_ = past ? past->reached() : account_->refusal(payer_, {}, free(), now);
  const bool around = !outer_ || outer_->written(tokens, now);
  return !reached_ && around;
}

bool Account::Hold::serve(const std::optional<models::Price>& price, std::int64_t now) {
  if (!account_) return false;
  const std::optional<models::Price> price_before = price_;
  if (outer_ && !outer_->serve(price, now)) return false;
  const Amount before = std::exchange(held_, {});
  account_->hold_more(payer_, {-before.tokens, -before.cost});
  if (account_->refusal(payer_, amount_of(input_, output_, price), costs_nothing(price), now)) {
    account_->hold_more(payer_, before);
    held_ = before;
    if (outer_) outer_->serve(price_before, now);
    return false;
  }
  price_ = price;
  set(output_);
  return true;
}

void Account::Hold::end() {
  if (!account_) return;
  account_->hold_more(payer_, {-held_.tokens, -held_.cost});
  account_ = nullptr;
  if (outer_) outer_->end();
}

}  // namespace troupe::agents
