#pragma once

#include "app/wiring.h"
#include "gateway/offer.h"

namespace troupe::app {

/// What the configuration in use has for the clients of the gateway. Loop thread.
gateway::Offer offer_of(const Engine& engine);

}  // namespace troupe::app
