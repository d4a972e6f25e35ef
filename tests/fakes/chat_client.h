#pragma once

#include "runtime/base/json.h"
#include "runtime/net/ws_client.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::fakes {

/// A chat client over a real socket, for tests. Throws when what it waits for does not come.
class ChatClient {
 public:
  explicit ChatClient(Loop& loop) : loop_(loop) {}

  /// `address` is the daemon's: "http://HOST:PORT".
  Task<> connect(std::string address, std::vector<std::pair<std::string, std::string>> headers = {});
  Task<> connect(std::uint16_t port, std::vector<std::pair<std::string, std::string>> headers = {});
  Task<> send(std::string frame);
  /// The next frame.
  Task<Json> next();
  /// Frames up to and with the first of this type.
  Task<std::vector<Json>> until(std::string type);
  /// Opens (further fields begin with a comma) and returns session.opened; throws on an error frame.
  Task<Json> open(std::string fields = "");
  /// Sends a message and returns the frames up to the end of its run.
  Task<std::vector<Json>> ask(std::string id, std::string text);
  /// Frames until the connection ends.
  Task<std::vector<Json>> rest();
  Task<> close();
  /// Gone without a word.
  void drop() { socket_->drop(); }

  /// As it stood in the frames: the seq of every journaled event so far.
  const std::vector<std::int64_t>& seqs() const { return seqs_; }
  /// The exact text of every journaled event so far.
  const std::vector<std::string>& texts() const { return texts_; }
  std::size_t deltas() const { return deltas_; }
  net::WsConnection& socket() { return *socket_; }

 private:
  Task<Result<Json>> read();

  Loop& loop_;
  std::unique_ptr<net::WsConnection> socket_;
  std::vector<std::int64_t> seqs_;
  std::vector<std::string> texts_;
  std::size_t deltas_ = 0;
};

/// The first frame of `type` in a list; null when there is none.
Json frame_of(const std::vector<Json>& frames, std::string_view type);

/// Types of the journaled frames, in order.
std::vector<std::string> journaled(const std::vector<Json>& frames);

/// seq of the journaled frames, in order.
std::vector<std::int64_t> seqs_of(const std::vector<Json>& frames);

}  // namespace troupe::fakes
