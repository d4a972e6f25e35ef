#include "agents/budgets/purse.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

Purse::Purse(Account& account, const Clock& clock, const store::RunRow& row)
    : account_(account), clock_(clock), row_(row), payer_{row.tenant, row.session} {
  account_.enter(payer_.session);
}

Purse::~Purse() {
  account_.leave(payer_.session);
}

Task<Result<>> Purse::open(store::Journal& journal) {
  if (!account_.asks_for(payer_.session)) co_return Result<>{};
  auto rows = co_await journal.usage({.by = store::UsageBy::session, .session = payer_.session});
  if (!rows) co_return within("what the session has spent", rows.error());
  store::Used used;
  for (const store::UsageRow& row : *rows) used += row.used;
  account_.know_session(payer_.session, {used.input_tokens + used.output_tokens, used.cost});
  co_return Result<>{};
}

std::expected<Purse::Grant, LimitReached> Purse::grant(const Agent& agent, const Allowance& allowed,
                                                       int step) {
  if (auto refused = refused_then(step, model_request())) return std::unexpected(std::move(*refused));
  std::size_t from = allowed.entry;
  if (const auto entry = entry_then(step, model_request()); entry && !entry->empty())
    if (const auto at = std::ranges::find(agent.chain, *entry); at != agent.chain.end())
      from = static_cast<std::size_t>(at - agent.chain.begin());
  return first_that_fits(agent.chain, from, allowed.input,
                         [&](const std::string& entry) { return agent.price_of(entry); });
}

std::expected<Purse::Grant, LimitReached> Purse::grant(const std::vector<std::string>& chain,
                                                       const models::PriceList& prices, std::int64_t input) {
  return first_that_fits(chain, 0, input,
                         [&](const std::string& entry) { return models::price_in(prices, entry); });
}

std::expected<Purse::Grant, LimitReached> Purse::first_that_fits(
    const std::vector<std::string>& chain, std::size_t from, std::int64_t input,
    const std::function<std::optional<models::Price>(const std::string&)>& price_of) {
  std::optional<LimitReached> in_the_way;
  for (std::size_t place = from; place < chain.size(); ++place) {
    auto held = account_.hold(payer_, input, price_of(chain[place]), now());
    if (held) return Grant{std::move(*held), place == 0 ? "" : chain[place]};
    if (!in_the_way) in_the_way = held.error();
    if (held.error().reason != "max_cost") break;
  }
  return std::unexpected(in_the_way.value_or(LimitReached{"max_cost", "no model can be paid"}));
}

std::expected<Account::Hold, LimitReached> Purse::hold(std::int64_t input,
                                                       const std::optional<models::Price>& price, int step,
                                                       const std::string& of) {
  if (auto refused = refused_then(step, of)) return std::unexpected(std::move(*refused));
  return account_.hold(payer_, input, price, now());
}

std::optional<LimitReached> Purse::refused_then(int step, const std::string& of) const {
  PastDecisions* past = account_.past();
  return past ? past->refused({row_.id, step, of}) : std::nullopt;
}

std::optional<std::string> Purse::entry_then(int step, const std::string& of) const {
  PastDecisions* past = account_.past();
  return past ? std::optional(past->entry({row_.id, step, of})) : std::nullopt;
}

store::Spending Purse::spend(const models::Usage& usage, double cost, std::string model) {
  const std::int64_t at = now();
  account_.spend(payer_, {usage.input_tokens + usage.output_tokens, cost}, at);
  return {.day = store::utc_day(at),
          .tenant = row_.tenant,
          .session = row_.session,
          .agent = row_.agent,
          .target = row_.target,
          .model = std::move(model),
          .used = {.calls = 1,
                   .input_tokens = usage.input_tokens,
                   .output_tokens = usage.output_tokens,
                   .cached_tokens = usage.cached_tokens,
                   .cost = cost}};
}

}  // namespace troupe::agents
