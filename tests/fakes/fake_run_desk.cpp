#include "tests/fakes/fake_run_desk.h"

#include <fmt/format.h>

namespace troupe::fakes {

using agents::Accepted;
using agents::CancelMode;
using agents::Submission;
using store::RunRow;
using store::SessionRow;

Task<std::string> FakeRunDesk::make_session(std::string tenant) {
  store::Append append;
  append.session =
      SessionRow{.id = fmt::format("s_{}", ++made_), .tenant = std::move(tenant), .target = "hello"};
  const std::string id = append.session->id;
  (void)co_await journal_.commit(std::move(append));
  co_return id;
}

Task<Result<SessionRow>> FakeRunDesk::open_session(Principal principal, std::string session,
                                                   std::string target) {
  if (!target.empty() && !targets.contains(target))
    co_return fail(ErrorCode::not_found, fmt::format("there is no agent `{}`", target));
  if (session.empty()) session = co_await make_session(principal.tenant);
  auto row = co_await journal_.find_session(session);
  if (!row) co_return fail(row.error());
  if (!*row || (*row)->tenant != principal.tenant)
    co_return fail(ErrorCode::not_found, fmt::format("there is no session {}", session));
  co_return **row;
}

Task<Result<Accepted>> FakeRunDesk::submit(Submission submission) {
  submissions.push_back(submission);
  if (before_submit) co_await before_submit();
  if (refuse_submit) co_return fail(*refuse_submit);
  auto known = co_await journal_.find_message(submission.session, submission.message_id);
  if (known && *known) co_return Accepted{(*known)->id, true, (*known)->first_seq};

  const std::string run = fmt::format("r_{}", ++made_);
  session_of_[run] = submission.session;
  store::Append append;
  append.run = RunRow{.id = run,
                      .session = submission.session,
                      .tenant = submission.principal.tenant,
                      .target = "hello",
                      .agent = "hello",
                      .message_id = submission.message_id,
                      .input = submission.text,
                      .status = "running"};
  append.events.push_back(event_of(run, "run.started", submission.text, 0));
  auto committed = co_await journal_.commit(std::move(append));
  if (!committed) co_return fail(committed.error());
  if (after_commit) co_await after_commit();
  auto row = co_await journal_.find_run(run);
  co_return Accepted{run, false, (*row)->first_seq};
}

Task<Result<>> FakeRunDesk::cancel(Principal principal, std::string run, CancelMode mode) {
  auto found = co_await find_run(std::move(principal), run);
  if (!found) co_return fail(found.error());
  cancels.emplace_back(run, mode);
  co_return Result<>{};
}

Task<Result<>> FakeRunDesk::decide(agents::Decision decision) {
  decisions.push_back(std::move(decision));
  if (refuse_decision) co_return fail(*refuse_decision);
  co_return Result<>{};
}

std::vector<agents::PendingApproval> FakeRunDesk::pending(const Principal&,
                                                          const std::string& session) const {
  std::vector<agents::PendingApproval> of_session;
  for (const agents::PendingApproval& one : waiting)
    if (one.session == session) of_session.push_back(one);
  return of_session;
}

Task<Result<agents::Forked>> FakeRunDesk::fork(agents::ForkOrder order) {
  if (refuse_fork) co_return fail(*refuse_fork);
  forks.push_back(order);
  const std::string session = order.resumes ? std::string("s_same") : co_await make_session();
  co_return agents::Forked{.session = session, .run = fmt::format("r_forked{}", forks.size()), .kept = 1};
}

Task<Result<RunRow>> FakeRunDesk::find_run(Principal principal, std::string run) {
  auto row = co_await journal_.find_run(run);
  if (!row) co_return fail(row.error());
  if (!*row || (*row)->tenant != principal.tenant)
    co_return fail(ErrorCode::not_found, fmt::format("there is no run {}", run));
  co_return **row;
}

Task<Result<>> FakeRunDesk::forget(Principal principal, std::string session) {
  auto row = co_await open_session(std::move(principal), session, "");
  if (!row) co_return fail(row.error());
  store::Append append;
  append.forget = std::move(session);
  co_return co_await journal_.commit(std::move(append));
}

Event FakeRunDesk::event_of(const std::string& run, std::string_view type, std::string text, int step) {
  Event event;
  event.type = type;
  event.session = session_of_[run];
  event.run = run;
  event.agent = "hello";
  event.step = step;
  event.fields["text"] = std::move(text);
  return event;
}

Task<> FakeRunDesk::say(std::string run, std::string_view type, std::string text, int step) {
  store::Append append;
  append.events.push_back(event_of(run, type, std::move(text), step));
  (void)co_await journal_.commit(std::move(append));
}

void FakeRunDesk::delta(std::string run, std::string_view type, std::string text, int step) {
  journal_.publish(event_of(run, type, std::move(text), step));
}

Task<> FakeRunDesk::finish(std::string run) {
  store::Append append;
  auto row = co_await journal_.find_run(run);
  append.run = **row;
  append.run->status = "done";
  append.run->finished_ms = loop_.clock().wall_ms();
  append.events.push_back(event_of(run, "run.finished", "done", 0));
  (void)co_await journal_.commit(std::move(append));
}

Task<std::string> FakeRunDesk::whole_run(std::string session, int events) {
  Submission submission;
  submission.session = std::move(session);
  submission.text = "go";
  auto accepted = co_await submit(std::move(submission));
  const std::string run = accepted->run;
  for (int i = 1; i <= events; ++i) co_await say(run, "thought", fmt::format("thought {}", i), i);
  co_await finish(run);
  co_return run;
}

}  // namespace troupe::fakes
