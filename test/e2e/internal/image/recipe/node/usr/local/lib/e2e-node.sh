# The address and the name of a node, from the kernel's command line.
set -eu
for word in $(cat /proc/cmdline); do
    case $word in
    e2e.address=*) address=${word#*=} ;;
    e2e.gateway=*) gateway=${word#*=} ;;
    esac
done
ip link set lo up
ip address add "$address/24" dev vec0
ip link set vec0 up
ip route add default via "$gateway"
grep -q "^$address " /etc/hosts || echo "$address $(hostname)" >>/etc/hosts
sysctl -q net.ipv4.ip_forward=1
# The kubelet ends without the clock speed of a processor, of which User-Mode Linux says nothing.
sed '/^processor/a cpu MHz\t\t: 2000.000' /proc/cpuinfo >/run/cpuinfo
mount --bind /run/cpuinfo /proc/cpuinfo
