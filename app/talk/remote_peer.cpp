#include "app/talk/daemon_call.h"
#include "app/talk/peer.h"
#include "runtime/async/one_shot.h"
#include "runtime/base/ids.h"
#include "runtime/net/ws_client.h"

#include <deque>
#include <map>

#include <fmt/format.h>

namespace troupe::app {

namespace {

class RemotePeer final : public Peer {
 public:
  RemotePeer(Loop& loop, RemoteSettings settings) : loop_(loop), settings_(std::move(settings)) {}

  Task<Result<std::string>> open(std::string session, std::string target,
                                 std::optional<std::int64_t> after) override {
    if (auto ready = co_await connect(); !ready) co_return std::unexpected(ready.error());
    Json frame = {{"type", "open"}};
    if (!session.empty()) frame["session"] = session;
    if (!target.empty()) frame["target"] = target;
    if (after) frame["after"] = *after;
    auto opened = co_await ask(std::move(frame), "session.opened");
    if (!opened) co_return std::unexpected(opened.error());
    session_ = string_or(*opened, "session");
    waiting_for_person_.clear();
    if (const Json* waiting = find(*opened, "waiting"); waiting && waiting->is_array())
      for (const Json& one : *waiting) waiting_for_person_.push_back(approval_of(one, session_));
    co_return session_;
  }

  Task<Result<std::string>> send(Outgoing message) override {
    if (message.id.empty()) message.id = make_id("m_", loop_.clock().wall_ms(), rng_);
    Json frame = {{"type", "message"}, {"id", message.id}, {"session", session_}, {"text", message.text}};
    if (!message.inputs.empty()) frame["inputs"] = message.inputs;
    if (!message.target.empty()) frame["target"] = message.target;
    auto ack = co_await ask(std::move(frame), "ack");
    if (!ack) co_return std::unexpected(ack.error());
    co_return string_or(*ack, "run");
  }

  Task<Result<agents::Forked>> fork(agents::ForkOrder order) override {
    Json body = Json::object();
    if (order.from) body["from"] = *order.from;
    if (order.input) body["input"] = *order.input;
    for (const agents::EditedOutput& edited : order.outputs) body["outputs"][edited.call] = edited.output;
    if (!order.model.empty()) body["model"] = order.model;
    const std::string path =
        fmt::format("/v1/runs/{}/{}", percent_encoded(order.run), order.resumes ? "resume" : "fork");
    auto told = co_await call_daemon(loop_, settings_, {.method = "POST", .path = path, .body = dump(body)});
    if (!told) co_return std::unexpected(told.error());
    co_return agents::Forked{.session = string_or(*told, "session"),
                             .run = string_or(*told, "run"),
                             .kept = told->value("kept", 0)};
  }

  // The run's own end tells that it worked, so the ack is not waited for: next() may be reading already.
  Task<Result<>> cancel(std::string run, agents::CancelMode mode) override {
    Json frame = {{"type", "cancel"}, {"session", session_}, {"run", run}};
    if (mode == agents::CancelMode::after_step) frame["mode"] = "after_step";
    co_return co_await net::send_text(*connection_, dump(frame));
  }

  std::vector<Approval> waiting() const override { return waiting_for_person_; }

  // The answer comes between the events, to whoever reads them.
  Task<Result<>> decide(Approval approval, Answer answer) override {
    const std::string id = make_id("d_", loop_.clock().wall_ms(), rng_);
    Json frame = {{"type", answer.approve ? "approve" : "deny"},
                  {"id", id},
                  {"run", approval.run},
                  {"call", approval.call}};
    if (answer.approve && answer.input) frame["input"] = *answer.input;
    if (!answer.approve && !answer.reason.empty()) frame["reason"] = answer.reason;
    OneShot<Result<>> decided(loop_);
    deciding_[id] = &decided;
    auto sent = co_await net::send_text(*connection_, dump(frame));
    Result<> outcome = sent ? co_await decided.wait() : sent;
    deciding_.erase(id);
    co_return outcome;
  }

  Task<> settle() override {
    while (!deciding_.empty()) {
      auto message = co_await connection_->read(stop_);
      if (!message) {
        (void)lost_for_all(message.error());
        co_return;
      }
      if (!is_about_connection(message->data)) waiting_.push_back(std::move(message->data));
    }
  }

  Task<Result<std::string>> next(Stop& stop) override {
    if (!waiting_.empty()) {
      std::string text = std::move(waiting_.front());
      waiting_.pop_front();
      if (is_about_connection(text)) co_return co_await next(stop);
      co_return text;
    }
    for (;;) {
      auto message = co_await connection_->read(stop);
      if (!message) co_return lost_for_all(message.error());
      if (is_about_connection(message->data)) continue;
      co_return std::move(message->data);
    }
  }

 private:
  Task<Result<>> connect() {
    if (connection_) co_return Result<>{};
    net::WsConnect how;
    how.url = settings_.url + "/v1/chat";
    how.subprotocol = "troupe.v1";
    how.ca_file = settings_.ca_file;
    if (!settings_.token.empty()) how.headers.emplace_back("Authorization", "Bearer " + settings_.token);
    auto made = co_await net::connect_websocket(loop_, std::move(how), stop_);
    if (!made) co_return within(fmt::format("the daemon at {}", settings_.url), made.error());
    connection_ = std::move(*made);
    co_return Result<>{};
  }

  // Sends a frame and waits for its answer; events that come in between are kept for next().
  Task<Result<Json>> ask(Json frame, std::string answer) {
    if (auto sent = co_await net::send_text(*connection_, dump(frame)); !sent)
      co_return std::unexpected(sent.error());
    for (;;) {
      auto message = co_await connection_->read(stop_);
      if (!message) co_return lost(message.error());
      auto event = parse_json(message->data);
      if (!event) co_return within("the daemon sent", event.error());
      const std::string type = string_or(*event, "type");
      if (type == answer) co_return std::move(*event);
      if (type == "error") co_return fail(refused(*event));
      waiting_.push_back(std::move(message->data));
    }
  }

  static Error refused(const Json& event) {
    const std::string code = string_or(event, "code");
    Error error{ErrorCode::denied, string_or(event, "message")};
    for (ErrorCode known : {ErrorCode::invalid, ErrorCode::not_found, ErrorCode::busy, ErrorCode::too_large,
                            ErrorCode::unavailable})
      if (code == word(known)) error.code = known;
    if (code == "already_decided") error.code = ErrorCode::conflict;
    return error;
  }

  void answer_decision(const Json& event, const std::string& type) {
    if (type != "ack" && type != "error") return;
    auto waiting = deciding_.find(string_or(event, type == "ack" ? "id" : "ref"));
    if (waiting == deciding_.end()) return;
    OneShot<Result<>>* decided = waiting->second;
    deciding_.erase(waiting);
    if (type == "ack")
      decided->set(Result<>());
    else
      decided->set(fail(refused(event)));
  }

  // What waited when the session was opened waits until its decision, or its run's end, passes by.
  void forget_decided(const Json& event, const std::string& type) {
    if (waiting_for_person_.empty()) return;
    const bool ended = type == "run.finished";
    if (!ended && type != "approval.given" && type != "approval.denied") return;
    std::erase_if(waiting_for_person_, [&](const Approval& one) {
      return one.run == string_or(event, "run") && (ended || one.call == string_or(event, "call"));
    });
  }

  bool is_about_connection(const std::string& text) {
    auto event = parse_json(text);
    if (!event) return true;
    const std::string type = string_or(*event, "type");
    answer_decision(*event, type);
    forget_decided(*event, type);
    return type == "ack" || type == "pong" || type == "error" || type == "session.opened";
  }

  std::unexpected<Error> lost_for_all(Error error) {
    auto told = lost(std::move(error));
    for (auto& [id, waiting] : std::exchange(deciding_, {})) waiting->set(told);
    return told;
  }

  std::unexpected<Error> lost(Error error) const {
    std::uint16_t code = connection_->peer_close_code();
    if (code != 0)
      error.message += fmt::format(" (the daemon closed with {} {})", code, connection_->peer_close_reason());
    return within(fmt::format("the daemon at {}", settings_.url), std::move(error));
  }

  Loop& loop_;
  RemoteSettings settings_;
  SystemRng rng_;
  Stop stop_;
  std::unique_ptr<net::WsConnection> connection_;
  std::string session_;
  std::deque<std::string> waiting_;
  std::vector<Approval> waiting_for_person_;
  std::map<std::string, OneShot<Result<>>*> deciding_;  // by the frame's id
};

}  // namespace

std::unique_ptr<Peer> make_remote_peer(Loop& loop, RemoteSettings settings) {
  return std::make_unique<RemotePeer>(loop, std::move(settings));
}

}  // namespace troupe::app
