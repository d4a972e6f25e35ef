#include "gateway/protocol/server_frame.h"

#include "agents/runs/run_json.h"
#include "runtime/base/event.h"

namespace troupe::gateway {

namespace {

Event event(std::string_view type) {
  Event made;
  made.type = type;
  return made;
}

}  // namespace

std::string opened_frame(const store::SessionRow& session, bool resumed,
                         const std::vector<agents::PendingApproval>& waiting, std::int64_t wall_ms) {
  Event opened = event("session.opened");
  opened.session = session.id;
  opened.fields["resumed"] = resumed;
  opened.fields["last_seq"] = session.last_seq;
  opened.fields["target"] = session.target;
  for (const agents::PendingApproval& one : waiting) opened.fields["waiting"].push_back(agents::to_json(one));
  return render(opened, 0, wall_ms);
}

std::string ack_frame(std::string_view id, std::string_view session, std::string_view run, bool duplicate,
                      std::int64_t wall_ms) {
  Event ack = event("ack");
  ack.session = session;
  ack.run = run;
  ack.fields["id"] = id;
  if (!run.empty()) ack.fields["duplicate"] = duplicate;
  return render(ack, 0, wall_ms);
}

std::string error_frame(const FrameError& refused, std::int64_t wall_ms) {
  Event error = event("error");
  if (!refused.ref.empty()) error.fields["ref"] = refused.ref;
  error.fields["code"] = refused.code;
  error.fields["message"] = refused.message;
  error.fields["retryable"] = refused.retryable;
  if (refused.oldest_seq > 0) error.fields["oldest_seq"] = refused.oldest_seq;
  return render(error, 0, wall_ms);
}

std::string pong_frame(std::string_view id, std::int64_t wall_ms) {
  Event pong = event("pong");
  if (!id.empty()) pong.fields["id"] = id;
  return render(pong, 0, wall_ms);
}

}  // namespace troupe::gateway
