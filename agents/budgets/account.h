#pragma once

#include "agents/budgets/past_decisions.h"
#include "agents/budgets/settings.h"
#include "agents/react/budget.h"
#include "models/price.h"

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::agents {

struct Amount {
  std::int64_t tokens = 0;
  double cost = 0;
};

/// Whose budgets a call spends from.
struct Payer {
  std::string tenant;
  std::string session;
};

/// What everybody has spent and has in flight, held against `budgets:`. One for the process: it begins with
/// what the ledger says, and is told of each call. A call is refused when its request alone would pass a
/// budget, and what it writes counts while it is written, so that a budget that runs spend together ends all
/// of their streams. So it can be passed by the error of the estimates and by one piece of each stream, but
/// not by a call. Time comes as an argument, in milliseconds since the epoch. Pure; one thread.
class Account {
 public:
  explicit Account(BudgetSettings limits = {}) : limits_(limits) {}
  /// What a tree of runs in one session may use together, within `outer`, which outlives it: what is taken or
  /// spent here is there, too. `setting`: where the limit stands in the configuration, for messages.
  Account(BudgetLimit tree, std::string setting, Account& outer)
      : limits_{.session = tree}, setting_(std::move(setting)), outer_(&outer) {}
  void set_limits(BudgetSettings limits) { limits_ = limits; }
  const BudgetSettings& limits() const { return limits_; }
  /// From now on nothing is held against a limit: what was decided then is decided again, in accounts of
  /// trees within this one as well. It outlives the account.
  void decide_as(PastDecisions& past) { past_ = &past; }
  /// nullptr: the account decides.
  PastDecisions* past() const { return outer_ ? outer_->past() : past_; }

  /// What the ledger says: of a tenant as long as there is one; of a tenant on the day of `now`; of a
  /// session. Given again, the larger figure stays, since calls may have been counted meanwhile.
  void know_tenant(const std::string& tenant, Amount spent);
  void know_day(const std::string& tenant, Amount spent, std::int64_t now);
  void know_session(const std::string& session, Amount spent);
  /// True where there is a budget for sessions and the ledger was not asked about this one.
  bool asks_for(const std::string& session) const;
  /// A session is remembered between the first enter() and the last leave() of its runs.
  void enter(const std::string& session);
  void leave(const std::string& session);

  class Hold;
  /// Takes what a request of about `input` tokens needs, or says which budget has no room for it. Without a
  /// price, or where that is 0, no cost is counted and none is in the way.
  std::expected<Hold, LimitReached> hold(const Payer& payer, std::int64_t input,
                                         const std::optional<models::Price>& price, std::int64_t now);
  /// Whether what a run ended with tells of a limit of this account, or of one around it.
  bool is_told_in(std::string_view detail) const {
    const std::string own = "`" + (setting_.empty() ? "budgets" : setting_) + ".";
    return detail.contains(own) || (outer_ && outer_->is_told_in(detail));
  }
  /// What a call has used in the end.
  void spend(const Payer& payer, Amount amount, std::int64_t now);

 private:
  struct Sum {
    Amount spent;
    Amount held;
  };
  struct Tenant {
    Sum all;
    Amount today;
  };
  struct Session {
    Sum sum;
    int runs = 0;
    bool known = false;
  };

  void turn_to(std::int64_t now);
  std::optional<LimitReached> refusal(const Payer& payer, Amount more, bool free, std::int64_t now);
  void hold_more(const Payer& payer, Amount more);

  BudgetSettings limits_;
  std::string setting_;       // of a tree's limit
  Account* outer_ = nullptr;  // of a tree
  PastDecisions* past_ = nullptr;
  std::map<std::string, Tenant, std::less<>> tenants_;
  std::map<std::string, Session, std::less<>> sessions_;
  Sum day_;
  std::int64_t day_number_ = 0;  // since the epoch
};

/// What one call has in flight. Given back when it ends. The account outlives it.
class Account::Hold {
 public:
  Hold(Hold&& other) noexcept;
  Hold& operator=(Hold&&) = delete;
  ~Hold();

  /// The call has written so many tokens in all. False once a budget is spent, by whomever.
  bool written(std::int64_t tokens, std::int64_t now);
  /// The budget at which written() said so.
  const std::optional<LimitReached>& reached() const {
    return reached_ || !outer_ ? reached_ : outer_->reached();
  }
  /// Another model is to go on with the call, at another price. False where a budget has no room for its
  /// request; nothing is changed then.
  bool serve(const std::optional<models::Price>& price, std::int64_t now);
  void end();

 private:
  friend class Account;
  Hold(Account& account, Payer payer, std::int64_t input, const std::optional<models::Price>& price);
  bool free() const;
  void set(std::int64_t output);

  Account* account_;
  std::unique_ptr<Hold> outer_;  // the same in the account around
  Payer payer_;
  std::optional<models::Price> price_;
  std::int64_t input_;
  std::int64_t output_ = 0;
  Amount held_;
  std::optional<LimitReached> reached_;
};

}  // namespace troupe::agents
