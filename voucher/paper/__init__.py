"""What the scheme prints for a carer, and how a code is read out."""
