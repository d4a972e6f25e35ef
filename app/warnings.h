#pragma once

#include "app/talk/printer.h"
#include "runtime/base/context.h"
#include "runtime/base/json.h"

#include <string>

#include <fmt/format.h>

namespace troupe::app {

/// Where calls go that are made by hand rather than by a run: what they warn of is a line on standard error.
class Warnings final : public EventSink {
 public:
  void publish(Event event) override {
    if (event.type == "warning") fmt::print(stderr, "{}\n", printable(string_or(event.fields, "text")));
  }
};

}  // namespace troupe::app
