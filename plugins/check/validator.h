#pragma once

#include "plugins/host/instance.h"
#include "plugins/host/plugin_line.h"
#include "runtime/async/task.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace troupe::plugins {

/// What the validator found, one sentence.
struct Finding {
  enum class Kind {
    good,     ///< was tried and is as it should be
    skipped,  ///< was not tried, and why
    warning,  ///< works, but costs somebody something
    problem,  ///< breaks a rule of plugins/troupe_plugin.h
    misuse,   ///< the options do not go with the plugin: nothing was tried
  };
  Kind kind = Kind::good;
  std::string text;
};

inline constexpr Milliseconds kRepeatsTime{5'000};  ///< for the repeated calls of one service

struct ValidatorOptions {
  InstanceSettings instance;  ///< its name and configuration; `accept` is the validator's
  std::map<std::string, Json>
      inputs;  ///< by service: what to call it with; tools named here are called in any case
  std::map<std::string, std::string> files{};  ///< by loader: bytes that it reads
  bool all = false;                            ///< call also tools that act in the world, with made-up inputs
  std::size_t repeats =
      1'000;  ///< calls of each tool that is called, for what it leaks; of models and embedders 20 at most
  Milliseconds repeats_time = kRepeatsTime;  ///< after which they end, however many there were
  Milliseconds call_time{10'000};
  bool sanitized = false;  ///< a sanitizer keeps what is freed for a while: growth of memory says nothing
};

/// Holds a plugin against the ABI by using it as a daemon would, in instances that `make` starts: that it
/// loads, starts and describes itself; that each call ends exactly once, also many in a row and several at
/// once; that answers are UTF-8, and those of models, embedders, guardrails, loaders and memories what their
/// kind says, sizes included; what happens when one is cancelled; whether memory grows. Models and embedders
/// are asked something small. Tools that may act in the world are called only where `options` says so. Where
/// `options` does not go with the plugin (misfits()), it is not even started. `found` is called as it goes.
Task<> validate(Loop& loop, const LineMaker& make, ValidatorOptions options,
                std::function<void(const Finding&)> found);

}  // namespace troupe::plugins
