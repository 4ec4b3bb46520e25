// Preloaded into a host: counts what a thread calls between count_begin and count_end that can wait:
// the allocator, locks, conditions, sleep. Other threads are not counted.

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdlib>

namespace {

thread_local bool is_counting __attribute__((tls_model("initial-exec"))) = false;
thread_local unsigned long calls __attribute__((tls_model("initial-exec"))) = 0;
thread_local const char* last __attribute__((tls_model("initial-exec"))) = nullptr;

inline void note(const char* name) {
    if (!is_counting) return;
    ++calls;
    last = name;
}

template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// What dlsym itself may call goes to glibc by its other name.
extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void count_begin() {
    calls = 0;
    last = nullptr;
    is_counting = true;
}

unsigned long count_end(const char** name) {
    is_counting = false;
    *name = last;
    return calls;
}

void* malloc(std::size_t size) { return note("malloc"), __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) { return note("calloc"), __libc_calloc(count, size); }
void* realloc(void* old, std::size_t size) { return note("realloc"), __libc_realloc(old, size); }
void free(void* old) {
    if (old) note("free");
    __libc_free(old);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return note("aligned_alloc"), __libc_memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
    note("posix_memalign");
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : 12;
}

#define COUNTED(result, name, declared, given)                        \
    result name declared {                                            \
        static auto* real = next<result declared>(#name);             \
        note(#name);                                                  \
        return real given;                                            \
    }

COUNTED(int, pthread_mutex_lock, (pthread_mutex_t * m), (m))
COUNTED(int, pthread_mutex_trylock, (pthread_mutex_t * m), (m))
COUNTED(int, pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t* m), (c, m))
COUNTED(int, pthread_cond_signal, (pthread_cond_t * c), (c))
COUNTED(int, pthread_cond_broadcast, (pthread_cond_t * c), (c))
COUNTED(int, pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l))
COUNTED(int, pthread_rwlock_wrlock, (pthread_rwlock_t * l), (l))
COUNTED(int, sem_wait, (sem_t * s), (s))
COUNTED(int, sem_post, (sem_t * s), (s))
COUNTED(int, nanosleep, (const timespec* wanted, timespec* left), (wanted, left))
COUNTED(int, usleep, (useconds_t wanted), (wanted))
COUNTED(int, sched_yield, (), ())

int clock_nanosleep(clockid_t clock, int flags, const timespec* wanted, timespec* left) {
    static auto* real = next<int(clockid_t, int, const timespec*, timespec*)>("clock_nanosleep");
    note("clock_nanosleep");
    return real(clock, flags, wanted, left);
}

}  // extern "C"
