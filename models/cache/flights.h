#pragma once

#include "models/message.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"

#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace troupe::models {

/// Requests that are being asked now, so that the same one is asked once: the first leads, those that come
/// meanwhile wait for what becomes of it. Loop thread only.
class Flights {
 public:
  /// What those who waited are told.
  struct Landing {
    enum class Kind {
      reply,      ///< here it is
      failed,     ///< the model failed, for all of them
      abandoned,  ///< who led stopped for reasons of its own: one of them goes on in its place
      alone,      ///< the reply was made for who led only: each asks for itself
      stopped,    ///< this one's own Stop, or its deadline
    };
    Kind kind = Kind::abandoned;
    std::shared_ptr<const ModelReply> reply;
    Error error{};
  };

  /// Leading. What is not told before it is destroyed counts as abandoned. The Flights outlive it.
  class Lead {
   public:
    Lead(Flights& flights, std::string key) : flights_(flights), key_(std::move(key)) {}
    ~Lead() { land({}); }
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;
    /// The first time counts. Those who wait go on on a later turn of the loop.
    void land(const Landing& landing);

   private:
    Flights& flights_;
    std::string key_;
    bool landed_ = false;
  };

  bool has(const std::string& key) const { return flying_.contains(key); }
  /// For a key that nobody leads.
  std::unique_ptr<Lead> lead(const std::string& key);
  /// For a key that somebody leads. `who` names the caller in errors of `stopped`.
  Task<Landing> wait(std::string key, std::string who, CallContext& context);

 private:
  class Seat;
  std::unordered_map<std::string, std::list<Seat*>> flying_;
};

}  // namespace troupe::models
