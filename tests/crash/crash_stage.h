#pragma once

#include "tests/crash/ledger_tool.h"
#include "tests/crash/plan_model.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/ledger.h"

#include <cstdlib>
#include <string>
#include <vector>

namespace troupe::crash {

/// A daemon whose models and whose ledger are outside of it and stay when it ends.
struct CrashStage {
  CrashStage() : daemon(plan_yaml(model.url())) {}

  /// `fault` as in TROUPE_FAULT; "": none.
  void start(const std::string& fault = "") {
    std::vector<std::string> environment = {std::string(kLedgerVariable) + "=" + ledger.url()};
    if (!fault.empty()) environment.push_back("TROUPE_FAULT=" + fault);
    daemon.at_once = true;
    daemon.start(std::move(environment));
  }

  PlanModel model;
  fakes::Ledger ledger;
  e2e::Daemon daemon;
};

/// How often a test is to do it: the variable where it is set (the whole evidence), else a few.
inline int rounds(const char* variable, int few) {
  const char* text = std::getenv(variable);
  return text ? std::atoi(text) : few;
}

}  // namespace troupe::crash
