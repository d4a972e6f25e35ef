#pragma once

#include "runtime/base/context.h"
#include "runtime/base/json.h"

#include <optional>
#include <string>

namespace troupe::agents {

/// A call that waits for a person.
struct PendingApproval {
  std::string session;
  std::string run;
  std::string call;
  std::string tool;
  Json input;
  std::string question;  ///< what the person is to answer; "": whether the call may be made
  std::string reason;    ///< not "": it may have been made before; why that is asked, for people
};

/// What a client says about one.
struct Decision {
  Principal principal;
  std::string session;  ///< where it waits; "" when `run` names it
  std::string run;      ///< "" = the run of the session that is at work
  std::string call;
  bool approve = false;
  std::optional<Json> input;  ///< with approve: instead of the model's own; validated as that was. None but
                              ///< the same for a call that may have been made before
  std::string reason;         ///< with deny: told to the agent
};

}  // namespace troupe::agents
