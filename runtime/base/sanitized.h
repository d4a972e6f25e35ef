#pragma once

namespace troupe {

/// Whether this program was built with AddressSanitizer or ThreadSanitizer, which reserve terabytes of
/// address space, look at /proc, and cannot look for leaks without ptrace: who confines this very program
/// allows for it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace troupe
