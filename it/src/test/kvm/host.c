// A virtual machine monitor for Linux's KVM on arm64: two CPUs, RAM, an interrupt controller of
// version 2 or 3, and a serial port that only prints. Runs the image that it is given until that
// switches the machine off. Use: host GIC-VERSION IMAGE

#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define CPUS 2
#define RAM 0x40000000ull
#define RAM_SIZE (16u << 20)
#define ENTRY 0x40080000ull
#define UART 0x09000000ull
#define DIST 0x08000000ull
#define CPUIF 0x08010000ull
#define REDIST 0x080a0000ull

// A core register of struct kvm_regs, by its number of 64-bit words.
#define CORE(word) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | (word) * 2)
#define PC 32

static int kvm;
static int vm;

static int call(const char *what, int fd, unsigned long request, void *argument) {
  int result = ioctl(fd, request, argument);
  if (result < 0) {
    perror(what);
    exit(1);
  }
  return result;
}

#define CALL(fd, request, argument) call(#request, fd, request, (void *)(uintptr_t)(argument))

// ---- RAM -----------------------------------------------------------------------------------------

static void addRam(const char *image) {
  char *ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct kvm_userspace_memory_region region = {
      .guest_phys_addr = RAM, .memory_size = RAM_SIZE, .userspace_addr = (uintptr_t)ram};
  CALL(vm, KVM_SET_USER_MEMORY_REGION, &region);
  FILE *file = fopen(image, "rb");
  if (file == NULL || fread(ram + (ENTRY - RAM), 1, RAM_SIZE - (ENTRY - RAM), file) == 0) {
    perror(image);
    exit(1);
  }
  fclose(file);
}

// ---- the interrupt controller --------------------------------------------------------------------

static void setAttribute(int device, uint32_t group, uint64_t attribute, const void *value) {
  struct kvm_device_attr attr = {.group = group, .attr = attribute, .addr = (uintptr_t)value};
  CALL(device, KVM_SET_DEVICE_ATTR, &attr);
}

static void addGic(int version) {
  struct kvm_create_device device = {
      .type = version == 2 ? KVM_DEV_TYPE_ARM_VGIC_V2 : KVM_DEV_TYPE_ARM_VGIC_V3};
  CALL(vm, KVM_CREATE_DEVICE, &device);
  int gic = (int)device.fd;
  uint64_t distributor = DIST;
  uint64_t other = version == 2 ? CPUIF : REDIST;
  uint32_t interrupts = 64;
  // The numbers of the two addresses are the same in both versions but for these names.
  setAttribute(
      gic,
      KVM_DEV_ARM_VGIC_GRP_ADDR,
      version == 2 ? KVM_VGIC_V2_ADDR_TYPE_DIST : KVM_VGIC_V3_ADDR_TYPE_DIST,
      &distributor);
  setAttribute(
      gic,
      KVM_DEV_ARM_VGIC_GRP_ADDR,
      version == 2 ? KVM_VGIC_V2_ADDR_TYPE_CPU : KVM_VGIC_V3_ADDR_TYPE_REDIST,
      &other);
  setAttribute(gic, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &interrupts);
  setAttribute(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

// ---- CPUs ----------------------------------------------------------------------------------------

static int addCpu(int number) {
  struct kvm_vcpu_init init;
  CALL(vm, KVM_ARM_PREFERRED_TARGET, &init);
  int cpu = CALL(vm, KVM_CREATE_VCPU, number);
  init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
  init.features[0] |= number == 0 ? 0 : 1u << KVM_ARM_VCPU_POWER_OFF;
  CALL(cpu, KVM_ARM_VCPU_INIT, &init);
  return cpu;
}

static void *run(void *argument) {
  int cpu = (int)(intptr_t)argument;
  int size = CALL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  struct kvm_run *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
  if (run == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  while (1) {
    CALL(cpu, KVM_RUN, 0);
    if (run->exit_reason == KVM_EXIT_MMIO && run->mmio.is_write && run->mmio.phys_addr == UART) {
      putchar(run->mmio.data[0]);
    } else if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT) {
      printf("event %u\n", run->system_event.type);
      exit(run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN ? 0 : 2);
    } else {
      printf("exit %u at 0x%llx\n", run->exit_reason, (unsigned long long)run->mmio.phys_addr);
      exit(3);
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "use: %s GIC-VERSION IMAGE\n", argv[0]);
    return 1;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  kvm = open("/dev/kvm", O_RDWR);
  if (kvm < 0) {
    perror("/dev/kvm");
    return 1;
  }
  vm = CALL(kvm, KVM_CREATE_VM, 0);
  addRam(argv[2]);
  int cpus[CPUS];
  for (int i = 0; i < CPUS; i++) {
    cpus[i] = addCpu(i);
  }
  addGic(atoi(argv[1]));
  uint64_t entry = ENTRY;
  struct kvm_one_reg pc = {.id = CORE(PC), .addr = (uintptr_t)&entry};
  CALL(cpus[0], KVM_SET_ONE_REG, &pc);
  pthread_t second;
  pthread_create(&second, NULL, run, (void *)(intptr_t)cpus[1]);
  run((void *)(intptr_t)cpus[0]);
}
