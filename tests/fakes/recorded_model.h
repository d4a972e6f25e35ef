#pragma once

#include "tests/fakes/conversations.h"
#include "tests/fakes/peer_reply.h"

#include <functional>
#include <map>
#include <string>

namespace troupe::fakes {

/// A server of OpenAI's chat completions API that answers with what models wrote in recorded conversations.
/// It keeps no state: which reply is due, it reads from the messages as any model does, so a request made
/// again gets the same answer. A request that belongs to no recording is answered with 500 and why. Immutable
/// after loading; may serve several peers.
class RecordedModel {
 public:
  /// Where in the recordings a request stands; `step` from 0.
  struct Place {
    const RecordedConversation* conversation = nullptr;
    std::size_t turn = 0;
    std::size_t step = 0;
    const RecordedStep& recorded() const { return conversation->turns[turn].steps[step]; }
  };
  /// How an answer travels: given the one that is due and its body, the one to send. Runs on the peer's
  /// thread.
  using Travel = std::function<PeerReply(PeerReply, const Place&, const std::string& body)>;

  explicit RecordedModel(Travel travel = {});

  PeerReply answer(const PeerRequest& request) const;

  /// The place of a request's body. Throws std::runtime_error when it has none.
  Place place_of(const Json& body) const;
  /// What the server counts for a body and a reply: the recorded numbers, or about four bytes a token.
  static std::int64_t input_tokens(const Json& body, const RecordedStep& step);
  static std::int64_t output_tokens(const RecordedStep& step);

  static constexpr const char* kKey = "sk-recorded-key";

 private:
  Travel travel_;
  std::map<std::string, Place> places_;  // of the first reply to each question
};

}  // namespace troupe::fakes
