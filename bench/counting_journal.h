#pragma once

#include "runtime/store/journal.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::bench {

/// A journal that counts what is asked of another.
class CountingJournal final : public store::Journal {
 public:
  explicit CountingJournal(store::Journal& journal) : journal_(journal) {}

  /// Calls by the name of the function.
  std::map<std::string, std::size_t> counts;

  Task<Result<>> commit(store::Append append) override {
    ++counts["commit"];
    return journal_.commit(std::move(append));
  }
  void post(store::Append append) override {
    ++counts["post"];
    journal_.post(std::move(append));
  }
  void publish(const Event& event) override {
    ++counts["publish"];
    journal_.publish(event);
  }
  std::unique_ptr<Subscription> subscribe(const std::string& session,
                                          store::Subscriber& subscriber) override {
    return journal_.subscribe(session, subscriber);
  }
  Task<Result<std::vector<Frame>>> read_events(std::string session, std::int64_t after,
                                               std::size_t limit) override {
    ++counts["read_events"];
    return journal_.read_events(std::move(session), after, limit);
  }
  Task<Result<std::vector<Frame>>> read_run_events(std::string run) override {
    ++counts["read_run_events"];
    return journal_.read_run_events(std::move(run));
  }
  Task<Result<std::vector<store::Fact>>> read_facts(std::string run) override {
    ++counts["read_facts"];
    return journal_.read_facts(std::move(run));
  }
  Task<Result<std::vector<store::Fact>>> session_facts(std::string session, std::string kind) override {
    ++counts["session_facts"];
    return journal_.session_facts(std::move(session), std::move(kind));
  }
  Task<Result<std::optional<store::SessionRow>>> find_session(std::string id) override {
    ++counts["find_session"];
    return journal_.find_session(std::move(id));
  }
  Task<Result<std::optional<store::RunRow>>> find_run(std::string id) override {
    ++counts["find_run"];
    return journal_.find_run(std::move(id));
  }
  Task<Result<std::optional<store::RunRow>>> find_message(std::string session, std::string id) override {
    ++counts["find_message"];
    return journal_.find_message(std::move(session), std::move(id));
  }
  Task<Result<std::vector<store::SessionRow>>> list_sessions(std::string tenant, std::size_t limit) override {
    return journal_.list_sessions(std::move(tenant), limit);
  }
  Task<Result<std::vector<store::RunRow>>> list_runs(std::string tenant, std::string session,
                                                     std::size_t limit) override {
    ++counts["list_runs"];
    return journal_.list_runs(std::move(tenant), std::move(session), limit);
  }
  Task<Result<std::vector<store::RunRow>>> unfinished_runs() override { return journal_.unfinished_runs(); }
  Task<Result<std::vector<store::RunRow>>> turns(std::string session, std::string agent,
                                                 std::size_t limit) override {
    ++counts["turns"];
    return journal_.turns(std::move(session), std::move(agent), limit);
  }
  Task<Result<std::vector<store::UsageRow>>> usage(store::UsageQuery query) override {
    ++counts["usage"];
    return journal_.usage(std::move(query));
  }
  Task<Result<std::vector<store::DeadLetterRow>>> dead_letters(std::string tenant,
                                                               std::size_t limit) override {
    return journal_.dead_letters(std::move(tenant), limit);
  }
  Task<Result<std::optional<store::DeadLetterRow>>> find_dead_letter(std::string tenant,
                                                                     std::string id) override {
    return journal_.find_dead_letter(std::move(tenant), std::move(id));
  }
  Task<Result<std::string>> put_blob(std::string text) override {
    ++counts["put_blob"];
    return journal_.put_blob(std::move(text));
  }
  Task<Result<std::string>> get_blob(std::string hash) override {
    ++counts["get_blob"];
    return journal_.get_blob(std::move(hash));
  }
  Task<Result<std::int64_t>> last_seq(std::string session) override {
    return journal_.last_seq(std::move(session));
  }
  bool paused(std::string* reason) const override { return journal_.paused(reason); }
  const std::string& instance() const override { return journal_.instance(); }
  Task<> close() override { return journal_.close(); }

 private:
  store::Journal& journal_;
};

}  // namespace troupe::bench
